/** How many of the latest durations count. */
const REMEMBERED = 50;

/**
 * Decides when to look at a running change set, from how long earlier ones of the same run took: not before the
 * shortest of them could have ended, then once a unit. All times are in units.
 */
export class Pace {
  readonly #durations: number[] = [];

  /** A change set took this many units. */
  learn(units: number): void {
    this.#durations.push(units);
    if (this.#durations.length > REMEMBERED) this.#durations.shift();
  }

  /**
   * How many whole units to wait before the next look.
   *
   * @param elapsed how many units ago the change set was started.
   * @param early whether it may well end sooner than others, because it is likely to fail.
   */
  untilLook(elapsed: number, early: boolean): number {
    const grown = Math.max(1, Math.floor(elapsed / 4)); // the look comes at most a quarter late
    if (this.#durations.length === 0 || early) return grown;
    const shortest = Math.min(...this.#durations);
    const longest = Math.max(...this.#durations);
    if (elapsed < shortest) return Math.max(1, Math.floor(shortest - elapsed));
    return elapsed <= longest * 1.5 ? 1 : grown;
  }
}
