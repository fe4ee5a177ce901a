import { readdirSync, statSync } from 'node:fs';
import { join, resolve } from 'node:path';
import type { Administrator } from './administrator.js';
import { run } from './command.js';
import type { Deployed } from './deployment.js';
import type { PythonTools } from './python-tools.js';
import { REGION, type World } from './world.js';

const TEMPLATES = [
  'management/template.yaml',
  'member/template.yaml',
  'member/organization_delegate_administration.yaml',
] as const;

/** What AWS's own checks and a security scanner say of the templates. Findings that are none are explained beside their resources. */
export async function checkTemplates(world: World, tools: PythonTools): Promise<void> {
  const { transcript } = world;
  transcript.heading('What the checkers say');
  const env = { AWS_DEFAULT_REGION: REGION, SAM_CLI_TELEMETRY: '0' };
  for (const folder of ['management', 'member']) {
    const { code, output } = await run(join(tools.bin, 'sam'), ['validate', '--lint'], {
      transcript,
      cwd: resolve(folder),
      env,
      mayFail: true,
    });
    transcript.check(`sam validate --lint, in ${folder}: valid`, code === 0, output);
  }
  const files = TEMPLATES.map((file) => resolve(file));
  const lint = await run(join(tools.bin, 'cfn-lint'), files, {
    transcript,
    cwd: world.folder,
    mayFail: true,
  });
  transcript.check('cfn-lint: no finding', lint.code === 0 && lint.output.trim() === '', lint.output);
  const scan = await run(
    join(tools.bin, 'checkov'),
    [
      '--framework',
      'cloudformation',
      '--skip-download',
      '--compact',
      ...files.flatMap((file) => ['-f', file]),
    ],
    { transcript, cwd: world.folder, mayFail: true },
  );
  const counts = /Passed checks: (\d+), Failed checks: (\d+), Skipped checks: (\d+)/.exec(scan.output);
  transcript.check(
    `checkov: ${counts?.[1]} passed, ${counts?.[2]} failed, ${counts?.[3]} explained beside the resource`,
    scan.code === 0 && counts?.[2] === '0',
    scan.output.slice(-3000),
  );
}

const MB = 1_000_000;

/** What a deployment needs of CloudShell's 1 GB, and of Lambda. */
export async function checkSizes(world: World, { management, member }: Deployed): Promise<void> {
  const { transcript } = world;
  transcript.heading('Sizes');
  const built = (shell: Administrator, component: string) =>
    join(shell.home, 'private-marketplace-sync', component, '.aws-sam');
  const folders = [built(management, 'management'), built(member, 'member')];
  for (const folder of folders) {
    for (const name of readdirSync(join(folder, 'build'))) {
      const package_ = join(folder, 'build', name);
      if (!statSync(package_).isDirectory()) continue;
      const bytes = sizeOf(package_);
      transcript.check(`the package of ${name}: ${megabytes(bytes)}, under 2 MB`, bytes < 2 * MB);
    }
  }
  const all = folders.reduce((sum, folder) => sum + sizeOf(folder), 0);
  transcript.check(`.aws-sam of both components: ${megabytes(all)}, under 200 MB`, all < 200 * MB);

  await management.paste('cd ~/private-marketplace-sync && npm ci --omit=dev --no-fund --no-audit', {
    quiet: true,
  });
  const installed = sizeOf(join(management.home, 'private-marketplace-sync', 'node_modules'));
  transcript.check(`an install of what ships: ${megabytes(installed)}, under 60 MB`, installed < 60 * MB);
}

function megabytes(bytes: number): string {
  return `${(bytes / MB).toFixed(1)} MB`;
}

/** The bytes of all files in a folder. */
function sizeOf(folder: string): number {
  return readdirSync(folder, { withFileTypes: true, recursive: true })
    .filter((entry) => entry.isFile())
    .reduce((sum, entry) => sum + statSync(join(entry.parentPath, entry.name)).size, 0);
}
