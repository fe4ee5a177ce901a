import type { CatalogEvent } from './catalog/events.js';
import type { SceneExperience } from './scene.js';

/** What happened to one experience since the narrator began to count. */
export interface Tally {
  readonly approved: string[];
  readonly denied: string[];
  changeSets: number;
}

/** How many lines of progress a second are shown at the most. */
const LINES_A_SECOND = 5;

/** Tells what the catalog does while it does it, and keeps count. */
export class Narrator {
  readonly #print: (line: string) => void;
  readonly #began = performance.now();
  readonly #tallies = new Map<string, Tally>();
  #experiences: readonly SceneExperience[] = [];
  #lastLine = Number.NEGATIVE_INFINITY;
  #untold = 0;

  constructor(print: (line: string) => void) {
    this.#print = print;
  }

  /** The experiences to tell of. */
  introduce(experiences: readonly SceneExperience[]): void {
    this.#experiences = experiences;
  }

  /** Tells something that is not an event of the catalog. */
  say(text: string): void {
    this.#line(text);
  }

  /** Begins to count anew. */
  beginAgain(): void {
    this.#tallies.clear();
  }

  /** What happened to an experience since {@link beginAgain}. */
  tally(experience: string): Tally {
    let tally = this.#tallies.get(experience);
    if (!tally) {
      tally = { approved: [], denied: [], changeSets: 0 };
      this.#tallies.set(experience, tally);
    }
    return tally;
  }

  /** How many change sets ended since {@link beginAgain}. */
  get changeSets(): number {
    return [...this.#tallies.values()].reduce((sum, { changeSets }) => sum + changeSets, 0);
  }

  /** To be given to the catalog as its observer. */
  readonly observe = (event: CatalogEvent): void => {
    if (event.kind === 'products') {
      const { approved, denied } = this.tally(event.experience);
      approved.push(...event.approved);
      denied.push(...event.denied);
    } else if (event.kind === 'change set ended') {
      for (const experience of event.experiences) {
        this.tally(experience).changeSets += 1;
        this.#progress(experience, event.status);
      }
    }
  };

  #progress(id: string, status: string): void {
    const now = performance.now();
    // A rehearsal can go through hundreds of change sets a second.
    if (now - this.#lastLine < 1000 / LINES_A_SECOND) {
      this.#untold += 1;
      return;
    }
    this.#lastLine = now;
    const experience = this.#experiences.find((one) => one.id === id);
    const { approved, denied, changeSets } = this.tally(id);
    const more = this.#untold > 0 ? ` (and ${this.#untold} more elsewhere)` : '';
    this.#untold = 0;
    const name = experience ? `${experience.organization}, ${experience.name}` : id;
    const ended = status === 'SUCCEEDED' ? '' : ` (the last one ${status})`;
    this.#line(
      `  ${name}: ${approved.length} approved, ${denied.length} denied after ${amount(changeSets, 'change set')}${ended}${more}`,
    );
  }

  #line(text: string): void {
    const seconds = ((performance.now() - this.#began) / 1000).toFixed(1).padStart(5);
    this.#print(`${seconds} s  ${text}`);
  }
}

/** `1 change set`, `2 change sets`. */
export function amount(count: number, what: string): string {
  return `${count} ${what}${count === 1 ? '' : 's'}`;
}
