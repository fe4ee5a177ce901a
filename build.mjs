/**
 * Bundles each Lambda function to dist/<logical id>/index.mjs, with the entry point and the options that its SAM
 * template gives esbuild, so that what the tests run is what `sam build` packages.
 */
import { readFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { build } from 'esbuild';
import { parse } from 'yaml';

const templates = ['management/template.yaml', 'member/template.yaml'];
/** CloudFormation's short forms (`!Sub` and the like) say nothing about the build. */
const cloudFormationTags = [
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
].flatMap((name) => [
  { tag: `!${name}`, resolve: (text) => text },
  { tag: `!${name}`, collection: 'seq', resolve: (items) => items },
]);

/** The options of the templates that are handed on below; OutExtension only names SAM's own output. */
const knownOptions = [
  'EntryPoints',
  'Format',
  'OutExtension',
  'Target',
  'MainFields',
  'Minify',
  'Sourcemap',
  'Banner',
];

for (const template of templates) {
  const { Resources } = parse(readFileSync(template, 'utf8'), { customTags: cloudFormationTags });
  for (const [logicalId, { Type, Properties, Metadata }] of Object.entries(Resources)) {
    if (Type !== 'AWS::Serverless::Function') continue;
    const options = Metadata.BuildProperties;
    const unknown = Object.keys(options).filter((option) => !knownOptions.includes(option));
    if (unknown.length > 0) {
      throw new Error(
        `${template}: build.mjs does not know the option ${unknown.join(', ')} of ${logicalId}.`,
      );
    }
    await build({
      absWorkingDir: resolve(dirname(template), Properties.CodeUri),
      entryPoints: options.EntryPoints,
      outfile: resolve('dist', logicalId, 'index.mjs'),
      bundle: true,
      platform: 'node',
      format: options.Format,
      target: options.Target,
      minify: options.Minify,
      sourcemap: options.Sourcemap,
      mainFields: options.MainFields?.split(','),
      banner: Object.fromEntries((options.Banner ?? []).map((line) => line.split(/=(.*)/s).slice(0, 2))),
      logLevel: 'warning',
    });
    console.log(`dist/${logicalId}/index.mjs`);
  }
}
