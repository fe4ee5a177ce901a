/**
 * `npm start`: the main job on this machine. Brings up a cloud, fills it with a management organization and member
 * organizations, and runs the path management function, SNS, SQS, member function until nothing is left to do.
 *
 * With `--management FILE --member FILE …` it does so with an organization's own lists: a rehearsal before anything
 * is deployed. It exits with 1 when something went wrong, and with 2 when it was called wrongly.
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { judgeOrganization, STALE_AFTER_HOURS } from '../shared/organization-status.js';
import { showOrganizations } from '../status/status-table.js';
import type { Cloud } from './cloud.js';
import { startCloud } from './cloud.js';
import type { Invocation } from './lambda.js';
import { amount, Narrator, type Tally } from './narrator.js';
import { buildRehearsal, type RehearsalFiles, UnusableFile } from './rehearsal.js';
import { buildScene, REAL_CHANGE_SET_MS, type Scene, type SceneExperience } from './scene.js';
import { table } from './show.js';
import { DeploymentError } from './template.js';

const USAGE = `Usage:
  npm start
      shows the main job on organizations that are made up
  npm start -- --management FILE --member FILE [--member FILE ...]
      rehearses it with your own lists

Each FILE is what this command prints:
  aws marketplace-catalog describe-entity --catalog AWSMarketplace --entity-id procpolicy-... --region us-east-1 --output json`;

/** How long a synchronization may take here, in milliseconds. */
const LIMIT_MS = 300_000;
/** How wide a table is drawn where nobody says how wide the terminal is, in characters. */
const USUAL_WIDTH = 120;
/** How many product ids are listed for an experience; all of them are in the report. */
const LISTED = 12;
const REPORT = 'dist/rehearsal.json';

/** The arguments make no sense. */
class WrongUsage extends Error {
  override readonly name = 'WrongUsage';
}

process.exitCode = await main(process.argv.slice(2));

async function main(args: string[]): Promise<number> {
  try {
    const files = readArguments(args);
    if (files === 'help') {
      console.log(USAGE);
      return 0;
    }
    return await show(files);
  } catch (error) {
    if (error instanceof WrongUsage) console.error(`${error.message}\n\n${USAGE}`);
    else if (error instanceof UnusableFile || error instanceof DeploymentError) console.error(error.message);
    else console.error('This should not have happened:', error);
    return error instanceof WrongUsage ? 2 : 1;
  }
}

function readArguments(args: string[]): RehearsalFiles | 'help' | undefined {
  let values: { management?: string; member?: string[]; help?: boolean };
  try {
    ({ values } = parseArgs({
      args: args[0] === '--' ? args.slice(1) : args,
      options: {
        management: { type: 'string' },
        member: { type: 'string', multiple: true },
        help: { type: 'boolean', short: 'h' },
      },
    }));
  } catch (error) {
    throw new WrongUsage(error instanceof Error ? error.message : String(error));
  }
  const { management, member = [], help } = values;
  if (help) return 'help';
  if (management === undefined && member.length === 0) return undefined;
  if (management === undefined) throw new WrongUsage('--management FILE is missing.');
  if (member.length === 0) throw new WrongUsage('--member FILE is missing.');
  // npm runs this in the repository's folder and says in which one it was called.
  return { folder: process.env.INIT_CWD ?? process.cwd(), management, members: member };
}

/** Runs everything and tells of it. @returns the exit code. */
async function show(files: RehearsalFiles | undefined): Promise<number> {
  const narrator = new Narrator((line) => console.log(line));
  const troubles = new Set<string>();
  const scene = files ? buildRehearsal(files, narrator.observe) : buildScene(narrator.observe);
  const { catalog, experiences, management, members } = scene;
  narrator.introduce(experiences);
  introduce(scene, files !== undefined);
  const before = new Map(experiences.map(({ id }) => [id, catalog.products(id)]));

  const cloud = await startCloud({
    ...scene,
    management: { account: management.account, experience: management.id },
    onInvocation: (name, invocation) => {
      const trouble = invocation === 'begins' ? undefined : troubleOf(name, invocation);
      if (trouble) troubles.add(trouble);
    },
  });
  narrator.say(
    `A cloud on this machine is up: DynamoDB, SNS, SQS, STS, Organizations and the Marketplace Catalog, with the ` +
      `management stack and ${amount(members.length, 'member stack')}.`,
  );
  try {
    await chapter('The first synchronization', cloud, narrator);
    if (!files) {
      const { approve, deny } = changeTheCatalogue(scene);
      await chapter(
        `A small change: the management experience approves ${amount(approve, 'more product')} and rejects ${deny}`,
        cloud,
        narrator,
      );
    }
    const done = new Map(experiences.map(({ id }) => [id, { ...narrator.tally(id) }]));
    narrator.beginAgain();
    await chapter('Once more, to see that nothing is left to do', cloud, narrator);
    if (narrator.changeSets > 0) troubles.add('The last synchronization should have found nothing to do.');

    const items = await cloud.syncTimestamps();
    const organizations = items
      .toSorted((a, b) => (a.ID < b.ID ? -1 : 1))
      .map((item) => judgeOrganization(item, { now: Date.now(), staleAfterHours: STALE_AFTER_HOURS }));
    console.log(
      `\nThe member organizations, as npm run status shows them from the table ${cloud.tables.syncTimestamps}:\n\n` +
        showOrganizations(organizations, process.stdout.columns ?? USUAL_WIDTH),
    );
    for (const { ID, outcome, reason } of items) {
      if (outcome !== 'synchronized')
        troubles.add(`Organization ${ID} is not synchronized: ${reason ?? outcome}`);
    }
    for (const trouble of compare(scene, before, done)) troubles.add(trouble);
    if (files) report(experiences, done);
    return conclude(troubles, files && done);
  } finally {
    await cloud.stop();
  }
}

function introduce({ management, members, experiences, catalog, factor }: Scene, rehearsal: boolean): void {
  const { approved, rejected } = catalog.products(management.id);
  const live = experiences.filter(({ leftAlone }) => !leftAlone);
  console.log(
    `${rehearsal ? 'A rehearsal with your own lists.' : 'The main job, on organizations that are made up.'}\n` +
      `${management.name} approves ${amount(approved.size, 'product')} and rejects ${rejected.size}. ` +
      `${amount(live.length, 'live experience')} in ${amount(members.length, 'member organization')} ` +
      `${live.length === 1 ? 'is' : 'are'} to be made equal to it.\n` +
      `Nothing leaves this machine. Time is compressed: 1 second here is ${factor} seconds in the Marketplace.\n`,
  );
}

/** Runs the management function, and waits until the members have done what it told them. */
async function chapter(title: string, cloud: Cloud, narrator: Narrator): Promise<void> {
  console.log();
  narrator.say(`${title}.`);
  const before = narrator.changeSets;
  const published = await cloud.invokeManagement();
  if (published.outcome === 'returned') {
    const { approved, rejected } = await cloud.snapshot();
    narrator.say(
      `  The tables hold ${approved.size} approved and ${rejected.size} rejected; members are notified.`,
    );
  }
  await cloud.settle(LIMIT_MS);
  narrator.say(`  Done, with ${amount(narrator.changeSets - before, 'change set')}.`);
}

/** An administrator changes their mind about a few products. */
function changeTheCatalogue({ catalog, management }: Scene): { approve: number; deny: number } {
  const { approved, rejected } = catalog.products(management.id);
  const nowApproved = [...rejected].slice(0, 3);
  const nowRejected = [...approved].slice(0, 2);
  catalog.setProducts(management.id, {
    approved: approved.difference(new Set(nowRejected)).union(new Set(nowApproved)),
    rejected: rejected.difference(new Set(nowApproved)).union(new Set(nowRejected)),
  });
  return { approve: nowApproved.length, deny: nowRejected.length };
}

/** Shows the experiences before and after. @returns what is not as it should be. */
function compare(
  scene: Scene,
  before: ReadonlyMap<string, Lists>,
  done: ReadonlyMap<string, Tally>,
): string[] {
  const troubles: string[] = [];
  const rows = scene.experiences.map((experience) => {
    const { id, organization, name } = experience;
    const was = before.get(id) ?? { approved: new Set(), rejected: new Set() };
    const now = scene.catalog.products(id);
    const verdict = judge(scene, experience, was, now);
    if (verdict.trouble) troubles.push(`${organization}, ${name}: ${verdict.text}.`);
    const { approved = [], denied = [], changeSets = 0 } = done.get(id) ?? {};
    return [
      `${organization}\n${name}`,
      `${was.approved.size} + ${was.rejected.size}`,
      `${now.approved.size} + ${now.rejected.size}`,
      approved.length,
      denied.length,
      changeSets,
      verdict.text,
    ];
  });
  const head = ['Experience', 'Before', 'After', 'Approved', 'Denied', 'Change sets', 'Result'];
  console.log(`\nThe experiences, before and after (approved + rejected products):\n\n${table(head, rows)}`);
  return troubles;
}

interface Lists {
  readonly approved: ReadonlySet<string>;
  readonly rejected: ReadonlySet<string>;
}

/** What became of an experience, as anybody can check it from its lists. */
function judge(
  { catalog, management }: Scene,
  { leftAlone }: SceneExperience,
  was: Lists,
  now: Lists,
): { readonly text: string; readonly trouble?: true } {
  if (leftAlone) {
    return equal(was.approved, now.approved) && equal(was.rejected, now.rejected)
      ? { text: `left alone: ${leftAlone}` }
      : { text: `changed, although it is to be left alone (${leftAlone})`, trouble: true };
  }
  const { approved, rejected } = catalog.products(management.id);
  // A product on both lists counts as rejected; one that only the member rejects stays rejected.
  const isEqual = equal(now.approved, approved.difference(rejected)) && rejected.isSubsetOf(now.rejected);
  return isEqual ? { text: 'equal' } : { text: 'not equal to the management experience', trouble: true };
}

function equal(a: ReadonlySet<string>, b: ReadonlySet<string>): boolean {
  return a.size === b.size && a.isSubsetOf(b);
}

/** Says what went wrong with an invocation, if anything did. */
function troubleOf(name: string, invocation: Invocation): string | undefined {
  if (invocation.outcome === 'returned') return undefined;
  if (invocation.outcome !== 'failed') return `The function of ${name} was ${invocation.outcome}.`;
  const { errorType, errorMessage } = invocation.error;
  return `The function of ${name} failed: ${errorType}: ${errorMessage}`;
}

/** Lists what was approved and denied where, and writes all of it to a file. */
function report(experiences: readonly SceneExperience[], done: ReadonlyMap<string, Tally>): void {
  const all = experiences.map(({ id, name }) => {
    const { approved = [], denied = [] } = done.get(id) ?? {};
    console.log(`\n${name}\n  to be approved: ${listed(approved)}\n  to be rejected: ${listed(denied)}`);
    return { member: name, approve: approved, reject: denied };
  });
  mkdirSync('dist', { recursive: true });
  writeFileSync(REPORT, `${JSON.stringify(all, undefined, 2)}\n`);
  console.log(`\nAll ids are in ${resolve(REPORT)}`);
}

function listed(ids: readonly string[]): string {
  if (ids.length === 0) return 'nothing';
  const more = ids.length > LISTED ? ` and ${ids.length - LISTED} more` : '';
  return `${ids.length}: ${ids.slice(0, LISTED).join(', ')}${more}`;
}

/** Says how it went and what to do next. @returns the exit code. */
function conclude(troubles: ReadonlySet<string>, rehearsed: ReadonlyMap<string, Tally> | undefined): number {
  if (troubles.size > 0) {
    console.log(
      `\nNot everything is as it should be:\n${[...troubles].map((text) => `- ${text}`).join('\n')}`,
    );
    return 1;
  }
  if (rehearsed) {
    const longest = Math.max(...[...rehearsed.values()].map(({ changeSets }) => changeSets));
    const minutes = Math.ceil((longest * REAL_CHANGE_SET_MS) / 60_000);
    const time =
      longest === 0
        ? 'They are equal already.'
        : `There it takes about ${amount(minutes, 'minute')}: the longest chain is ${amount(longest, 'change set')}.`;
    console.log(`\nThis is what a deployment would do to these experiences. ${time}`);
    console.log('Next: deploy the two stacks; README.md has the steps.');
  } else {
    console.log('\nEvery live experience is equal to the management experience; the others were left alone.');
    console.log(
      'Next: rehearse with your own lists (npm start -- --help), or deploy the two stacks (README.md).',
    );
  }
  return 0;
}
