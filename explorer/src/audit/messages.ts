/** What the page and its Worker tell each other. */

/** From Python: a finding, as `audit/report/plain.py` has it. */
export interface Finding {
  is_mistake: boolean;
  heading: string;
  message: string;
  formulas: [string, string][];
  cells: string;
}

export interface Table {
  recognized: string;
  columns: { letters: string; name: string; text: string; verdict: string }[];
  findings: Finding[];
}

export interface Workbook {
  name: string;
  verdict: string;
  outcome: string;
  tables: Table[];
  rest: Finding[];
}

/** What the Worker is asked for; the first message holds the parts of the runtime instead. */
export type Request =
  | { ask: "audit"; name: string; content: ArrayBuffer }
  | { ask: "annotated"; name: string; content: ArrayBuffer }
  | { ask: "report"; results: string[] };

export interface Answers {
  audit: { files: Workbook[]; error: string; results: string };
  annotated: { written: { name: string; content: Uint8Array<ArrayBuffer> }[]; why: string[] };
  report: { html: string };
}

/** From the Worker: where its start is, that it is ready, an answer, or that it cannot go on. */
export type Reply =
  | { stage: string }
  | { ready: true }
  | { answer: Answers[keyof Answers] }
  | { failure: string };
