import { type Metrics, MetricUnit } from '@aws-lambda-powertools/metrics';
import type { ExperienceId } from '../../shared/identifiers.js';
import type { ProductLists } from '../../shared/product-lists.js';
import { size } from './plan.js';
import type { ExperienceReport } from './synchronize-experience.js';

/** One look at the snapshot and at all experiences, and what came of it. */
export interface PassSeen {
  readonly snapshot: ProductLists;
  readonly reports: readonly ExperienceReport[];
}

/** Gathers what a run does while it does it, so that its metrics can be published however it ends. */
export class RunMetrics {
  #approved = 0;
  #denied = 0;
  #changeSets = 0;
  #snapshot: ProductLists | undefined;
  readonly #latest = new Map<ExperienceId, ExperienceReport>();

  /** Takes in a pass: what was done adds up, how things stand is what the latest pass says. */
  add({ snapshot, reports }: PassSeen): void {
    this.#snapshot = snapshot;
    for (const report of reports) {
      if (report.outcome === 'skipped') continue;
      this.#approved += report.approved.length;
      this.#denied += report.denied.length;
      this.#changeSets += report.changeSets;
      this.#latest.set(report.id, report);
    }
  }

  /**
   * Publishes the metrics of the run. A run that never came to the experiences has its duration only: what it does not
   * know must not pass for zero.
   *
   * @param seconds how long the run took.
   */
  publish(metrics: Metrics, seconds: number): void {
    const count = (name: string, value: number) => metrics.addMetric(name, MetricUnit.Count, value);
    metrics.addMetric('Duration', MetricUnit.Seconds, seconds);
    if (this.#snapshot) {
      const reports = [...this.#latest.values()];
      const ended = (outcome: ExperienceReport['outcome']) =>
        reports.filter((report) => report.outcome === outcome);
      count('SnapshotApproved', this.#snapshot.approved.size);
      count('SnapshotRejected', this.#snapshot.rejected.size);
      count('ProductsApproved', this.#approved);
      count('ProductsDenied', this.#denied);
      count('ChangeSets', this.#changeSets);
      count('ProductsRefused', sum(reports.map(({ refusals }) => refusals.length)));
      count('ProductsHeldBack', sum(ended('held back').map(({ remaining }) => size(remaining))));
      count('ExperiencesSynchronized', ended('synchronized').length);
      count('ExperiencesFailed', ended('failed').length);
    }
    metrics.publishStoredMetrics();
  }
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0);
}
