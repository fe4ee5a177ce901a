import { type ExperienceId, isExperienceId, type TableName } from './identifiers.js';

/** A variable of the function's environment is missing or malformed. Thrown before anything is read or changed. */
export class ConfigurationError extends Error {
  override readonly name = 'ConfigurationError';
}

/** The environment of a function, as `process.env` gives it. */
export type Environment = Readonly<Record<string, string | undefined>>;

/** DynamoDB, "Naming rules": 3 to 255 of letters, digits, underscore, hyphen and dot. */
const TABLE_NAME = /^[A-Za-z0-9_.-]{3,255}$/;
const TOPIC_ARN = /^arn:aws[a-z-]*:sns:([a-z0-9-]+):(\d{12}):[A-Za-z0-9_-]{1,256}$/;
const ROLE_ARN = /^arn:aws[a-z-]*:iam::\d{12}:role\/[\w+=,.@/-]+$/;

/** An SNS topic's ARN, with the Region and the account in it. */
export interface TopicArn {
  readonly arn: string;
  readonly region: string;
}

/**
 * A variable's text, without surrounding white space.
 *
 * @throws ConfigurationError naming the variable when it is missing, empty, or not what `what` describes.
 */
export function required(env: Environment, variable: string, pattern: RegExp, what: string): string {
  const value = env[variable]?.trim();
  if (!value) throw new ConfigurationError(`${variable} is not set: it must be ${what}.`);
  if (!pattern.test(value)) throw malformed(variable, value, what);
  return value;
}

/** A table's name. @throws ConfigurationError naming the variable. */
export function requiredTableName(env: Environment, variable: string): TableName {
  return required(env, variable, TABLE_NAME, 'the name of a DynamoDB table') as TableName;
}

/** An experience's id. @throws ConfigurationError naming the variable. */
export function requiredExperienceId(env: Environment, variable: string): ExperienceId {
  return required(env, variable, /^exp-[A-Za-z0-9]+$/, 'exp- then letters and digits') as ExperienceId;
}

/** A topic's ARN, taken apart. @throws ConfigurationError naming the variable. */
export function requiredTopicArn(env: Environment, variable: string): TopicArn {
  const arn = required(env, variable, TOPIC_ARN, 'the ARN of an SNS topic');
  return { arn, region: TOPIC_ARN.exec(arn)?.[1] ?? '' };
}

/** A role's ARN. @throws ConfigurationError naming the variable. */
export function requiredRoleArn(env: Environment, variable: string): string {
  return required(env, variable, ROLE_ARN, 'the ARN of an IAM role');
}

/**
 * A comma-separated list of experience ids; nothing at all stands for every live experience.
 *
 * @returns each id once, in the order given; `undefined` when the variable is missing or blank.
 * @throws ConfigurationError naming each entry that is not an experience id, pasted curly quotes included.
 */
export function optionalExperienceIds(
  env: Environment,
  variable: string,
): readonly ExperienceId[] | undefined {
  const text = env[variable]?.trim();
  if (!text) return undefined;
  const entries = text.split(',').map((entry) => entry.trim());
  const wrong = entries.filter((entry) => !isExperienceId(entry));
  if (wrong.length > 0) {
    const named = wrong.map((entry) => JSON.stringify(entry)).join(', ');
    throw new ConfigurationError(
      `${variable} holds ${named}: each entry must be exp- then letters and digits, without quotes, separated by commas.`,
    );
  }
  return [...new Set(entries.filter(isExperienceId))];
}

/** A number, or `fallback` when the variable is missing or blank. @throws ConfigurationError naming the variable. */
export function optionalNumber(
  env: Environment,
  variable: string,
  fallback: number,
  range: { readonly above?: number; readonly from?: number; readonly to?: number },
): number {
  const text = env[variable]?.trim();
  if (!text) return fallback;
  const value = Number(text);
  const {
    above = Number.NEGATIVE_INFINITY,
    from = Number.NEGATIVE_INFINITY,
    to = Number.POSITIVE_INFINITY,
  } = range;
  if (!Number.isFinite(value) || value <= above || value < from || value > to) {
    const bounds = [
      range.above === undefined ? '' : `above ${range.above}`,
      range.from === undefined ? '' : `from ${range.from}`,
      range.to === undefined ? '' : `to ${range.to}`,
    ].filter(Boolean);
    throw malformed(variable, text, `a number ${bounds.join(' ')}`);
  }
  return value;
}

/** One of a few words, or the first of them when the variable is missing or blank. @throws ConfigurationError naming the variable. */
export function optionalChoice<const Choice extends string>(
  env: Environment,
  variable: string,
  choices: readonly [Choice, ...Choice[]],
): Choice {
  const text = env[variable]?.trim();
  if (!text) return choices[0];
  const choice = choices.find((candidate) => candidate === text);
  if (choice === undefined) throw malformed(variable, text, choices.join(' or '));
  return choice;
}

/** The words that LOG_LEVEL may hold, in any case: Powertools for AWS Lambda, "Logger", "Log levels". */
const LOG_LEVELS = /^(TRACE|DEBUG|INFO|WARN|ERROR|CRITICAL|SILENT)$/i;

/** Refuses a LOG_LEVEL that the logger would silently take for INFO. @throws ConfigurationError naming the variable. */
export function checkLogLevel(env: Environment): void {
  if (!env.LOG_LEVEL?.trim()) return;
  required(env, 'LOG_LEVEL', LOG_LEVELS, 'TRACE, DEBUG, INFO, WARN, ERROR, CRITICAL or SILENT');
}

function malformed(variable: string, value: string, what: string): ConfigurationError {
  return new ConfigurationError(`${variable} is ${JSON.stringify(value)}: it must be ${what}.`);
}
