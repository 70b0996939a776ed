/** Light or dark: as the system says, until the reader chooses. */

export function followScheme(button: HTMLElement): void {
  const system = matchMedia("(prefers-color-scheme: dark)");
  const apply = (dark: boolean): void => {
    document.documentElement.dataset.scheme = dark ? "dark" : "light";
    button.textContent = dark ? "Light" : "Dark";
    button.setAttribute("aria-label", dark ? "Use light colors" : "Use dark colors");
  };
  let chosen = false;
  apply(system.matches);
  system.addEventListener("change", () => {
    if (!chosen) apply(system.matches);
  });
  button.addEventListener("click", () => {
    chosen = true;
    apply(document.documentElement.dataset.scheme !== "dark");
  });
}
