import { readFileSync } from 'node:fs';
import { type CollectionTag, parse, type ScalarTag } from 'yaml';

/** A resource of a template, with CloudFormation's short forms as their bare text: `!Ref X` is `X`. */
export interface ResourceOutline {
  readonly Type: string;
  readonly Condition?: string;
  readonly Properties?: Readonly<Record<string, unknown>>;
}

/** What a template declares. */
export interface TemplateOutline {
  readonly Parameters: Readonly<Record<string, { readonly Default?: unknown }>>;
  readonly Resources: Readonly<Record<string, ResourceOutline>>;
  readonly Outputs?: Readonly<Record<string, unknown>>;
}

const SHORT_FORMS = [
  'Ref',
  'Sub',
  'GetAtt',
  'If',
  'Not',
  'Equals',
  'And',
  'Or',
  'Join',
  'Select',
  'Split',
  'Condition',
];

/** Reads a template's outline. */
export function readTemplate(file: string): TemplateOutline {
  const customTags = SHORT_FORMS.flatMap((name): (ScalarTag | CollectionTag)[] => [
    { tag: `!${name}`, resolve: (text: string) => text },
    { tag: `!${name}`, collection: 'seq' },
  ]);
  return parse(readFileSync(file, 'utf8'), { customTags }) as TemplateOutline; // cfn-lint checks the rest
}
