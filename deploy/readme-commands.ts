import { readFileSync } from 'node:fs';

/** The README's commands are not what the test expects. */
export class ReadmeChanged extends Error {
  override readonly name = 'ReadmeChanged';
}

const BLOCK = /^( *)<!-- deploy: ([a-z-]+) -->\n\1```bash\n([\s\S]*?)\n\1```$/gm;

/** The README's deployment commands: the fenced bash blocks below a comment `<!-- deploy: name -->`, by name. */
export class ReadmeCommands {
  readonly #blocks = new Map<string, string>();
  readonly #used = new Set<string>();

  constructor(file: string) {
    for (const [, indent = '', name = '', block = ''] of readFileSync(file, 'utf8').matchAll(BLOCK)) {
      if (this.#blocks.has(name)) throw new ReadmeChanged(`${file} has two blocks named ${name}.`);
      this.#blocks.set(name, block.replaceAll(new RegExp(`^${indent}`, 'gm'), ''));
    }
  }

  /**
   * A block with an administrator's own values in the place of the example values.
   *
   * @throws ReadmeChanged when there is no such block, or when it lacks one of the example values.
   */
  block(name: string, values: Readonly<Record<string, string>> = {}): string {
    const block = this.#blocks.get(name);
    if (block === undefined) throw new ReadmeChanged(`The README has no block "deploy: ${name}".`);
    this.#used.add(name);
    let text = block;
    for (const [example, value] of Object.entries(values)) {
      if (!text.includes(example)) {
        throw new ReadmeChanged(`The README's block "deploy: ${name}" does not say ${example}.`);
      }
      text = text.replaceAll(example, value);
    }
    return text;
  }

  /** The blocks that nobody asked for. */
  unused(): string[] {
    return [...this.#blocks.keys()].filter((name) => !this.#used.has(name));
  }
}
