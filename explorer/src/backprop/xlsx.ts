/** A workbook of the page with other numbers in its Inputs cells; its formulas recalculate when it is opened. */

const INPUTS = "xl/worksheets/sheet2.xml";

interface Entry {
  name: string;
  content: Uint8Array<ArrayBuffer>;
}

/** The files of a zip that holds them as they are. */
function entries(zip: ArrayBuffer): Entry[] {
  const view = new DataView(zip);
  const found: Entry[] = [];
  for (let at = 0; view.getUint32(at, true) === 0x04034b50;) {
    const [size, name, extra] = [view.getUint32(at + 18, true), view.getUint16(at + 26, true), view.getUint16(at + 28, true)];
    const start = at + 30 + name + extra;
    found.push({ name: new TextDecoder().decode(new Uint8Array(zip, at + 30, name)), content: new Uint8Array(zip, start, size) });
    at = start + size;
  }
  return found;
}

const TABLE = Uint32Array.from({ length: 256 }, (_, n) => {
  for (let k = 0; k < 8; k++) n = n & 1 ? 0xedb88320 ^ (n >>> 1) : n >>> 1;
  return n;
});

function checksum(bytes: Uint8Array): number {
  let sum = 0xffffffff;
  for (const byte of bytes) sum = TABLE[(sum ^ byte) & 255]! ^ (sum >>> 8);
  return (sum ^ 0xffffffff) >>> 0;
}

async function deflated(content: Uint8Array<ArrayBuffer>): Promise<Uint8Array<ArrayBuffer>> {
  const stream = new Blob([content]).stream().pipeThrough(new CompressionStream("deflate-raw"));
  return new Uint8Array(await new Response(stream).arrayBuffer());
}

/** Numbers as little-endian fields: [value, bytes] each. */
function fields(...numbers: [number, 2 | 4][]): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(numbers.reduce((sum, [, size]) => sum + size, 0));
  const view = new DataView(bytes.buffer);
  let at = 0;
  for (const [value, size] of numbers) {
    if (size === 2) view.setUint16(at, value, true);
    else view.setUint32(at, value, true);
    at += size;
  }
  return bytes;
}

async function zipped(files: Entry[]): Promise<Blob> {
  const parts: Uint8Array<ArrayBuffer>[] = [];
  const directory: Uint8Array<ArrayBuffer>[] = [];
  let at = 0;
  for (const { name, content } of files) {
    const title = new TextEncoder().encode(name);
    const packed = await deflated(content);
    // Version, flags, deflate, 1 January 2000, sum, sizes, lengths of name and extra.
    const common: [number, 2 | 4][] = [[20, 2], [0, 2], [8, 2], [0, 2], [0x2821, 2], [checksum(content), 4],
      [packed.length, 4], [content.length, 4], [title.length, 2], [0, 2]];
    const head = fields([0x04034b50, 4], ...common);
    parts.push(head, title, packed);
    directory.push(fields([0x02014b50, 4], [20, 2], ...common, [0, 2], [0, 2], [0, 2], [0, 4], [at, 4]), title);
    at += head.length + title.length + packed.length;
  }
  const size = directory.reduce((sum, part) => sum + part.length, 0);
  const end = fields([0x06054b50, 4], [0, 2], [0, 2], [files.length, 2], [files.length, 2], [size, 4], [at, 4], [0, 2]);
  return new Blob([...parts, ...directory, end]);
}

/** The address of a cell: row and column count from 1. */
export function address(row: number, column: number): string {
  let letters = "";
  for (let left = column; left > 0; left = Math.floor((left - 1) / 26)) {
    letters = String.fromCharCode(65 + ((left - 1) % 26)) + letters;
  }
  return `${letters}${row}`;
}

/** The workbook with these numbers typed into the Inputs sheet. */
export function withInputs(workbook: ArrayBuffer, inputs: [number, number, number][]): Promise<Blob> {
  return zipped(entries(workbook).map((entry) => {
    if (entry.name !== INPUTS) return entry;
    let text = new TextDecoder().decode(entry.content);
    for (const [row, column, value] of inputs) {
      const cell = new RegExp(`(<c r="${address(row, column)}"[^>]*><v>)[^<]*(</v>)`);
      if (!cell.test(text)) throw new Error(`no number in ${address(row, column)}`);
      text = text.replace(cell, `$1${value}$2`);
    }
    return { name: entry.name, content: new TextEncoder().encode(text) };
  }));
}
