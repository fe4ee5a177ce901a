import { appendFileSync, mkdirSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';

/** A statement about the deployment turned out false. The message says what was expected and what was found. */
export class CheckFailed extends Error {
  override readonly name = 'CheckFailed';
}

/** What the test shows while it runs, and keeps in a file together with the whole output of every command. */
export class Transcript {
  readonly #file: string;
  readonly #startedAt = Date.now();
  readonly #failures: string[] = [];
  readonly #notCovered: string[] = [];
  #passed = 0;

  constructor(file: string) {
    this.#file = file;
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, '');
  }

  get file(): string {
    return this.#file;
  }

  /** A heading, with the seconds since the start. */
  heading(text: string): void {
    this.say(`\n== ${text}  (${Math.round((Date.now() - this.#startedAt) / 1000)} s)`);
  }

  say(text: string): void {
    console.log(text);
    this.keep(text);
  }

  /** Puts a text into the file only. */
  keep(text: string): void {
    appendFileSync(this.#file, text.endsWith('\n') ? text : `${text}\n`);
  }

  /** Counts a statement that holds or does not; a test with false statements fails in the end. */
  check(statement: string, holds: boolean, found?: unknown): void {
    if (holds) {
      this.#passed += 1;
      this.say(`   ok  ${statement}`);
      return;
    }
    const text =
      found === undefined ? statement : `${statement}: found ${JSON.stringify(found, undefined, 1)}`;
    this.#failures.push(text);
    this.say(` FAIL  ${text}`);
  }

  /** {@link check} for what must be the same as something else, compared as JSON. */
  same(statement: string, found: unknown, expected: unknown): void {
    const equal = JSON.stringify(found) === JSON.stringify(expected);
    this.check(statement, equal, equal ? undefined : { found, expected });
  }

  /** {@link check} for what the rest of the test stands on. @throws CheckFailed when it does not hold. */
  require(statement: string, holds: boolean, found?: unknown): void {
    this.check(statement, holds, found);
    if (!holds) throw new CheckFailed(statement);
  }

  /** Something that this test cannot show. */
  notCovered(text: string): void {
    this.#notCovered.push(text);
  }

  /** The end of the output. @returns whether every statement holds. */
  finish(): boolean {
    if (this.#notCovered.length > 0) {
      this.heading('Not covered by this test');
      for (const text of this.#notCovered) this.say(`    -  ${text}`);
    }
    if (this.#failures.length > 0) {
      this.heading('Failed');
      for (const text of this.#failures) this.say(`    -  ${text}`);
      this.say(`\nThe output of every command is in ${this.#file}.`);
    }
    const seconds = Math.round((Date.now() - this.#startedAt) / 1000);
    this.say(`\n${this.#passed} passed, ${this.#failures.length} failed (${seconds} s)`);
    return this.#failures.length === 0;
  }
}
