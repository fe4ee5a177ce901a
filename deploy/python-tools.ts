import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { delimiter, join, resolve } from 'node:path';
import { CommandFailed, run } from './command.js';
import type { Transcript } from './transcript.js';

/** This machine lacks something that the test cannot get by itself. */
export class ToolMissing extends Error {
  override readonly name = 'ToolMissing';
}

const REQUIREMENTS = resolve('deploy/requirements.txt');
const ENVIRONMENT = resolve('.venv');
/** What the environment was made from; it is made anew when the requirements change. */
const STAMP = join(ENVIRONMENT, 'requirements.txt');
/** The versions that all the requirements run on. */
const PYTHON = { oldest: [3, 10], newest: [3, 14] } as const;

/** The Python programs that the test runs. */
export interface PythonTools {
  /** The folder with `sam`, `aws`, `cfn-lint`, `checkov` and `python`. */
  readonly bin: string;
}

/**
 * Makes the virtual environment .venv, unless it is there already.
 *
 * @throws ToolMissing when this machine has no Python for it.
 */
export async function preparePythonTools(transcript: Transcript): Promise<PythonTools> {
  const bin = join(ENVIRONMENT, 'bin');
  const wanted = readFileSync(REQUIREMENTS, 'utf8');
  if (existsSync(STAMP) && readFileSync(STAMP, 'utf8') === wanted) return { bin };

  const python = await findPython(transcript);
  transcript.say(
    `   ${python} -m venv .venv && pip install -r deploy/requirements.txt  (about a minute, once)`,
  );
  rmSync(ENVIRONMENT, { recursive: true, force: true });
  const cwd = resolve('.');
  try {
    await run(python, ['-m', 'venv', ENVIRONMENT], { transcript, cwd });
    await run(join(bin, 'python'), ['-m', 'pip', 'install', '--quiet', '-r', REQUIREMENTS], {
      transcript,
      cwd,
    });
  } catch (error) {
    if (!(error instanceof CommandFailed)) throw error;
    throw new ToolMissing(
      `The Python environment .venv could not be made with ${python}. It needs the venv module (Debian: python3-venv) and a package index.\n${error.message}`,
    );
  }
  writeFileSync(STAMP, wanted);
  return { bin };
}

async function findPython(transcript: Transcript): Promise<string> {
  const version = 'import sys; print(*sys.version_info[:2])';
  for (const python of ['python3', 'python3.14', 'python3.13', 'python3.12', 'python3.11', 'python3.10']) {
    const found = (process.env.PATH ?? '')
      .split(delimiter)
      .some((folder) => existsSync(join(folder, python)));
    if (!found) continue;
    const { code, stdout } = await run(python, ['-c', version], { transcript, cwd: '.', mayFail: true });
    const [major = 0, minor = 0] = stdout.split(' ').map(Number);
    if (code === 0 && major === 3 && minor >= PYTHON.oldest[1] && minor <= PYTHON.newest[1]) return python;
  }
  throw new ToolMissing(
    `This test needs Python ${PYTHON.oldest.join('.')} to ${PYTHON.newest.join('.')}, for AWS's SAM CLI and an emulator of AWS, and there is none on the PATH. ` +
      'Install it (Debian and Ubuntu: apt-get install python3 python3-venv) and run npm run test:deploy again. npm test does not need it.',
  );
}
