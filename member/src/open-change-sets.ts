/**
 * How many change sets may be open at once. The Marketplace limits it for each account and does not publish the
 * number, so it is found by trying: no limit at first, the number then open when the Marketplace says too many, and
 * one more each time that as many have ended well.
 */
export class OpenChangeSets {
  #open = 0;
  #limit = Number.POSITIVE_INFINITY;
  #endedSinceRaise = 0;
  readonly #waiting: (() => void)[] = [];

  /** Resolves when one more may be opened, and counts it. */
  async enter(): Promise<void> {
    while (this.#open >= this.#limit) await new Promise<void>((resolve) => this.#waiting.push(resolve));
    this.#open += 1;
  }

  /** One has ended; or, where `opened` is false, was not opened after all. */
  leave(opened: boolean): void {
    this.#open -= 1;
    if (opened) this.#endedSinceRaise += 1;
    if (this.#endedSinceRaise >= this.#limit) {
      this.#limit += 1;
      this.#endedSinceRaise = 0;
    }
    this.#wake();
  }

  /** The Marketplace refused one that was about to be opened: too many. @returns whether any other one is open. */
  tooMany(): boolean {
    const others = this.#open - 1;
    this.#limit = Math.max(1, others);
    this.#endedSinceRaise = 0;
    return others > 0;
  }

  #wake(): void {
    for (const resolve of this.#waiting.splice(0)) resolve();
  }
}
