/** One Worker and what it is asked, one request after the other. It can be stopped and starts again. */

import { byId } from "../page/dom";
import { unpacked } from "../page/parts";
import type { Answers, Reply, Request } from "./messages";

type Parts = Record<string, ArrayBuffer>;

/** The parts of the runtime, by name. */
async function allParts(): Promise<Parts> {
  const names = [...document.querySelectorAll<HTMLScriptElement>("script[data-part]")].map((script) => script.dataset.part!);
  return Object.fromEntries(await Promise.all(names.map(async (name) => [name, await unpacked(name)])));
}

/** Pyodide asks for a module Worker, which a page opened from a file cannot have: it takes one that imports nothing for it. */
const PRELUDE = '"use strict"; self.importScripts = () => { throw new Error("nothing is imported"); };\n';

interface Waiting {
  request: Request;
  resolve: (answer: never) => void;
  reject: (error: Error) => void;
}

export class Desk {
  private parts: Promise<Parts> | null = null;
  private worker: Worker | null = null;
  private ready = false;
  private readonly waiting: Waiting[] = [];
  private timer = 0;

  /**
   * @param told what the Worker is doing, empty when it waits
   * @param limit seconds after which a request is given up
   */
  constructor(private readonly told: (stage: string) => void, private readonly limit: number) {}

  start(): void {
    this.begin().catch((error: unknown) => this.end(error instanceof Error ? error.message : String(error)));
  }

  private async begin(): Promise<void> {
    this.ready = false;
    this.told("Unpacking Python");
    this.parts ??= allParts();
    const { "pyodide.asm.mjs": module, ...parts } = await this.parts;
    const script = byId("worker").textContent ?? "";
    const address = URL.createObjectURL(new Blob([PRELUDE, module!, "\n", script], { type: "text/javascript" }));
    const worker = new Worker(address);
    URL.revokeObjectURL(address);
    worker.onmessage = (event: MessageEvent<Reply>) => this.hear(event.data);
    worker.onerror = (event) => this.end(event.message || "Python could not be started in this browser");
    worker.postMessage({ parts });
    this.worker = worker;
  }

  ask<K extends Request["ask"]>(request: Request & { ask: K }): Promise<Answers[K]> {
    return new Promise((resolve, reject) => {
      this.waiting.push({ request, resolve, reject });
      if (this.ready && this.waiting.length === 1) this.next();
    });
  }

  /** Give up what is being done; what waits goes on in another Worker. */
  end(why: string): void {
    clearTimeout(this.timer);
    this.worker?.terminate();
    this.worker = null;
    const started = this.ready;
    this.waiting.shift()?.reject(new Error(why));
    if (started) this.start();
    else {
      for (const one of this.waiting.splice(0)) one.reject(new Error(why));
      this.told(`Python could not be started: ${why}`);
    }
  }

  private hear(reply: Reply): void {
    if ("stage" in reply) this.told(reply.stage);
    else if ("failure" in reply) this.end(reply.failure);
    else if ("ready" in reply) {
      this.ready = true;
      this.told("");
      this.next();
    } else {
      clearTimeout(this.timer);
      this.waiting.shift()?.resolve(reply.answer as never);
      this.next();
    }
  }

  private next(): void {
    const first = this.waiting[0];
    if (!first) return;
    this.worker!.postMessage(first.request);
    this.timer = window.setTimeout(() => this.end(`given up after ${this.limit} seconds`), 1000 * this.limit);
  }
}
