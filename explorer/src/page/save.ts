/** Give the reader a file, from this page's memory. */

import { h } from "./dom";

export function save(name: string, content: BlobPart, type = "text/plain"): void {
  const link = h("a", { href: URL.createObjectURL(new Blob([content], { type })), download: name });
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
}
