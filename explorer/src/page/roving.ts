/** Many buttons that are one stop of the Tab key: arrows, Home and End move among them. */

export function roving(box: HTMLElement): void {
  const buttons = [...box.querySelectorAll("button")];
  const stop = (at: HTMLButtonElement): void => {
    for (const button of buttons) button.tabIndex = button === at ? 0 : -1;
  };
  stop(buttons[0]!);
  box.addEventListener("focusin", (event) => stop(event.target as HTMLButtonElement));
  box.addEventListener("keydown", (event) => {
    const columns = getComputedStyle(box).gridTemplateColumns.split(" ").length;
    const at = buttons.indexOf(event.target as HTMLButtonElement);
    const to = {
      ArrowRight: at + 1, ArrowLeft: at - 1, ArrowDown: at + columns, ArrowUp: at - columns,
      Home: 0, End: buttons.length - 1,
    }[event.key];
    if (to === undefined) return;
    event.preventDefault();
    buttons[to]?.focus();
  });
}
