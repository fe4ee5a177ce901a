/** How many of the latest durations count. */
const REMEMBERED = 50;
/** One in so many of them is left out as too short to go by: each unit by which looks begin earlier is one look more. */
const OUTLIERS = 12;
/** How many durations have to be known before the shortest of them counts for more than a guess. */
const GUESSED = 2;
/** The guess: no change set takes less than this part of the longest. */
const SHORTEST_GUESS = 1 / 2;
/** At most about so many looks are spread over the time in which change sets end. */
const LOOKS = 8;
/** While nothing is known: when to look first, and the least time between two looks, in units. */
const FIRST_LOOK = 4;
const STEP = 2;

/**
 * Decides when to look at a running change set, from how long earlier ones of the same run took: first about when the
 * shortest of them ended, then once a unit, or less often where they differ much. All times are in units.
 *
 * What it knows of a duration is when a look showed the end. If that was the first look at a change set, it may have
 * ended long before: then the next ones are looked at a little earlier, so that looks do not get later and later.
 */
export class Pace {
  readonly #durations: number[] = [];
  /** When a change set is looked at first, as it was decided last; 0 while nothing is known. */
  #first = 0;

  /** A change set was seen to have ended so many units after its start. */
  learn(units: number): void {
    const atFirstLook = units < this.#first + 1;
    this.#durations.push(atFirstLook ? units - Math.max(1, units / 8) : units);
    if (this.#durations.length > REMEMBERED) this.#durations.shift();
  }

  /**
   * How many whole units to wait before the next look.
   *
   * @param elapsed how many units ago the change set was started.
   * @param early whether it may well end sooner than others, because it is likely to fail.
   */
  untilLook(elapsed: number, early: boolean): number {
    if (early) return quarter(elapsed);
    const known = this.#durations.length;
    if (known === 0) return elapsed < 1 ? FIRST_LOOK : Math.max(STEP, Math.floor(elapsed / 8));
    const sorted = this.#durations.toSorted((a, b) => a - b);
    const shortest = sorted[Math.floor(known / OUTLIERS)] ?? 0;
    const longest = sorted.at(-1) ?? 0;
    const doubt = Math.min(1, GUESSED / known) * Math.max(0, shortest - longest * SHORTEST_GUESS);
    this.#first = Math.ceil(shortest - doubt);
    if (elapsed < this.#first) return Math.max(1, Math.round(this.#first - elapsed));
    if (elapsed > longest * 1.5) return quarter(elapsed);
    return Math.max(1, Math.floor((longest - shortest) / LOOKS));
  }

  /**
   * The same for a change set that was found running: when it was started is not known, so it may end at any time.
   *
   * @param elapsed how many units ago it was found.
   */
  untilLookAtFound(elapsed: number): number {
    return Math.max(1, Math.floor(elapsed / 5));
  }
}

/** A wait after which the look comes at most a quarter late. */
function quarter(elapsed: number): number {
  return Math.max(1, Math.floor(elapsed / 4));
}
