// Metrics of the functions under test would stand among Jest's own output.
process.env.POWERTOOLS_METRICS_DISABLED = 'true';

/** Jest runs the TypeScript sources as ES modules; swc only strips the types. */
export default {
  testEnvironment: 'node',
  roots: [
    '<rootDir>/management',
    '<rootDir>/member',
    '<rootDir>/shared',
    '<rootDir>/local',
    '<rootDir>/deploy',
    '<rootDir>/status',
    '<rootDir>/bench',
  ],
  testPathIgnorePatterns: ['/node_modules/', '/.aws-sam/'],
  modulePathIgnorePatterns: ['/.aws-sam/'],
  extensionsToTreatAsEsm: ['.ts'],
  moduleNameMapper: { '^(\\.{1,2}/.*)\\.js$': '$1' },
  transform: {
    '^.+\\.ts$': [
      '@swc/jest',
      {
        jsc: {
          target: 'es2024',
          parser: { syntax: 'typescript' },
          experimental: { keepImportAttributes: true },
        },
      },
    ],
  },
  // The programs local/start.ts, local/show.ts, local/function-process.ts and status/status.ts show none: tests run them
  // in processes of their own. local/draw-operators-view.ts draws a picture that people look at.
  collectCoverageFrom: [
    '{management,member,shared,local,status}/**/*.ts',
    '!**/*.test.ts',
    '!**/*.d.ts',
    '!**/testing/**',
    '!**/.aws-sam/**',
  ],
  coverageDirectory: 'coverage',
  coverageProvider: 'v8',
};
