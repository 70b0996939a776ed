/** Parts that the page holds compressed: WebAssembly, workbooks, Python. */

/** What `gradsheet explore` has put into the page under this name, unpacked. */
export async function unpacked(name: string): Promise<ArrayBuffer> {
  const script = document.querySelector<HTMLScriptElement>(`script[data-part="${name}"]`);
  if (!script) throw new Error(`the page holds no ${name}`);
  const binary = atob(script.textContent ?? "");
  const bytes = new Uint8Array(binary.length);
  for (let k = 0; k < binary.length; k++) bytes[k] = binary.charCodeAt(k);
  const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"));
  return new Response(stream).arrayBuffer();
}
