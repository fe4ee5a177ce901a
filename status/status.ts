import { statusCommand } from './status-command.js';

// The SDK warns of the Node.js versions that it will leave behind: in CloudShell nobody can choose another one.
process.env.AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED ??= 'true';

process.exitCode = await statusCommand(process.argv.slice(2), {
  out: (text) => console.log(text),
  err: (text) => console.error(text),
  width: process.stdout.columns ?? 150,
  now: Date.now,
});
