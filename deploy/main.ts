/**
 * The deployment test: does what the README says, command by command, against an emulator of AWS, with an
 * administrator's shell in each of several accounts, and looks at what comes of it. `npm run test:deploy` runs it.
 */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { Administrator, makeRepository } from './administrator.js';
import {
  checkFunctions,
  checkSchedule,
  continueThroughTheQueue,
  deployBothStacks,
  deployFurtherExperience,
  deployFurtherMember,
  fillMarketplaces,
  selectExperiences,
} from './deployment.js';
import { startEmulator } from './emulator.js';
import { recordTheLocalCloud } from './local-cloud.js';
import { POLL_SECONDS, startMarketplaces } from './marketplaces.js';
import { judgePrivileges, readPolicies } from './privileges.js';
import { preparePythonTools, ToolMissing } from './python-tools.js';
import { ReadmeCommands } from './readme-commands.js';
import { removeEverything } from './removal.js';
import { checkSizes, checkTemplates } from './static-checks.js';
import { CheckFailed, Transcript } from './transcript.js';
import { upgradeTheSample } from './upgrade.js';
import { ORGANIZATIONS, type World } from './world.js';

// Outside of the checkout: a clone in here must find no node_modules and no package.json above it.
const folder = mkdtempSync(join(tmpdir(), 'deploy-test-'));
const transcript = new Transcript(resolve('dist/deploy-test/transcript.log'));
const callsFile = join(folder, 'calls.jsonl');
writeFileSync(callsFile, '');
/** What MiniStack does otherwise than AWS, or not at all, and no scene makes up for. */
const NOT_COVERED = [
  'IAM at the time of the call: the emulator lets every request through; the calls are judged afterwards',
  'what Lambda itself does with a role: receiving from the queue and writing logs',
  'recursive loop detection, and throttling by concurrency: the emulator starts one invocation after the other',
  'encryption: the emulator stores the key and its policy, and encrypts nothing with it',
  'the organization resource policy: its template is deployed, and nothing looks at it',
  'the dead-letter queue: five receipts, each after a visibility timeout of 17 minutes, take too long',
  "CloudFormation's own order and duration: the emulator is faster",
];
const stops: (() => Promise<void>)[] = [];

try {
  transcript.heading('Tools');
  const tools = await preparePythonTools(transcript);
  const marketplaces = await startMarketplaces();
  stops.push(marketplaces.stop);
  const emulator = await startEmulator({
    tools,
    folder,
    organizations: ORGANIZATIONS,
    functionVariables: {
      AWS_ENDPOINT_URL_MARKETPLACE_CATALOG: marketplaces.url,
      POLL_SECONDS: String(POLL_SECONDS),
      NODE_OPTIONS: `--import=${resolve('deploy/record-calls.mjs')}`,
      CALLS_FILE: callsFile,
    },
  });
  stops.push(emulator.stop);
  transcript.say(`   MiniStack at ${emulator.url}, with these adaptations (deploy/emulator.py):`);
  for (const text of emulator.adaptations) transcript.say(`    -  ${text}`);
  transcript.say(
    '    -  every wait of the functions and of the Marketplace is twenty times shorter than in AWS',
  );

  const homes = join(folder, 'homes');
  await makeRepository(homes, transcript);
  const world: World = {
    transcript,
    readme: new ReadmeCommands('README.md'),
    marketplaces,
    callsFile,
    localCallsFile: join(folder, 'local-calls.jsonl'),
    endpoint: emulator.url,
    folder,
    administrator: (account, region) =>
      new Administrator({ account, region, endpoint: emulator.url, homes, tools, transcript }),
  };
  fillMarketplaces(world);

  await checkTemplates(world, tools);
  const deployed = await deployBothStacks(world);
  await deployFurtherMember(world, deployed);
  await selectExperiences(world, deployed);
  await deployFurtherExperience(world, deployed);
  await checkFunctions(world, deployed);
  await checkSchedule(world, deployed);
  await continueThroughTheQueue(world, deployed);
  await checkSizes(world, deployed);
  await recordTheLocalCloud(world);
  const upgraded = await upgradeTheSample(world, tools);
  const policies = await readPolicies(deployed, upgraded);
  await removeEverything(world, deployed);
  await judgePrivileges(world, tools, policies);
  transcript.same('every command of the README was run', world.readme.unused(), []);
  for (const text of NOT_COVERED) transcript.notCovered(text);
} catch (error) {
  if (error instanceof ToolMissing) {
    transcript.say(`\n${error.message}`);
    process.exit(1); // nothing has been started yet
  }
  if (!(error instanceof CheckFailed)) transcript.check('the test runs to its end', false, String(error));
} finally {
  for (const stop of stops.reverse()) await stop();
}
const succeeded = transcript.finish();
if (succeeded) rmSync(folder, { recursive: true, force: true });
else console.log(`The emulator's files are in ${folder}.`);
process.exitCode = succeeded ? 0 : 1;
