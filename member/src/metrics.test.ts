import type { ExperienceId, ProductId } from '../../shared/identifiers.js';
import { captureMetrics } from '../../shared/testing/captured-metrics.js';
import { lists, manyProducts } from '../../shared/testing/products.js';
import { RunMetrics } from './metrics.js';
import type { ExperienceReport } from './synchronize-experience.js';

const products = (count: number): ProductId[] => manyProducts(count);

function report(id: string, outcome: ExperienceReport['outcome'], more: Partial<ExperienceReport> = {}) {
  return {
    id: id as ExperienceId, // its form does not matter here
    outcome,
    remaining: { approve: [], deny: [] },
    approved: [],
    denied: [],
    refusals: [],
    newRefusals: 0,
    changeSets: 0,
    suspects: [],
    narrowed: 0,
    ...more,
  };
}

const snapshot = lists(['prod-a', 'prod-b'], ['prod-c']);
const refusal = { product: products(1)[0] as ProductId, change: 'approve', reason: 'gone' } as const; // there is one

function published(run: RunMetrics): unknown {
  const { metrics, published: lines } = captureMetrics();
  run.publish(metrics, 12.5);
  expect(lines).toHaveLength(1);
  return lines[0];
}

it('A run that never came to the experiences publishes its duration alone', () => {
  expect(published(new RunMetrics())).toEqual({ FunctionName: 'function', Duration: 12.5 });
});

it('What was done adds up over the passes of a run, and how things stand is what the last one says', () => {
  const run = new RunMetrics();
  const remaining = { approve: products(3), deny: products(4) };
  run.add({
    snapshot: lists(['prod-a']),
    reports: [
      report('exp-a', 'failed', {
        approved: products(5),
        denied: products(2),
        changeSets: 2,
        refusals: [refusal],
      }),
      report('exp-b', 'synchronized', { approved: products(1), changeSets: 1 }),
      report('exp-c', 'held back', { remaining }),
      report('exp-d', 'skipped', { remaining }),
    ],
  });
  run.add({
    snapshot,
    reports: [
      report('exp-a', 'synchronized', { approved: products(7), changeSets: 1, refusals: [refusal] }),
      report('exp-b', 'synchronized'),
      report('exp-c', 'held back', { remaining }),
      report('exp-d', 'failed'),
    ],
  });

  expect(published(run)).toEqual({
    FunctionName: 'function',
    Duration: 12.5,
    SnapshotApproved: 2,
    SnapshotRejected: 1,
    ProductsApproved: 13,
    ProductsDenied: 2,
    ChangeSets: 4,
    ProductsRefused: 1,
    ProductsHeldBack: 7,
    ExperiencesSynchronized: 2,
    ExperiencesFailed: 1,
  });
});
