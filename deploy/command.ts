import { spawn } from 'node:child_process';
import type { Transcript } from './transcript.js';

/** Environment variables of a command; an undefined one is taken away. */
export type Variables = Readonly<Record<string, string | undefined>>;

/** A command ended with an exit code other than 0. */
export class CommandFailed extends Error {
  override readonly name = 'CommandFailed';
}

/** How a command is run. */
export interface CommandOptions {
  readonly transcript: Transcript;
  readonly cwd: string;
  readonly env?: Variables;
  /** Text for its standard input. */
  readonly input?: string;
  /** An exit code other than 0 is an answer as well. */
  readonly mayFail?: boolean;
}

/** What a command printed and how it ended. */
export interface CommandResult {
  readonly code: number;
  readonly stdout: string;
  /** Both streams as they came. */
  readonly output: string;
}

/**
 * Runs a program and keeps all its output in the transcript's file.
 *
 * @throws CommandFailed with the end of the output, unless it may fail.
 */
export async function run(
  program: string,
  args: readonly string[],
  options: CommandOptions,
): Promise<CommandResult> {
  const { transcript, cwd, env = {}, input, mayFail = false } = options;
  const child = spawn(program, args, { cwd, env: { ...process.env, ...env } });
  let stdout = '';
  let output = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    stdout += text;
    output += text;
  });
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    output += text;
  });
  child.stdin.on('error', () => {}); // a program that ends without reading its input says so by its exit code
  child.stdin.end(input);
  const code = await new Promise<number>((resolve, reject) => {
    child.on('error', reject).on('close', (status) => resolve(status ?? 1));
  });
  transcript.keep(`--- ${program} ${args.join(' ')}\n${output}--- exit code ${code}\n`);
  if (code !== 0 && !mayFail) {
    throw new CommandFailed(`${program} ${args.join(' ')} ended with ${code}:\n${output.slice(-3000)}`);
  }
  return { code, stdout, output };
}
