import { statusCommand } from './status-command.js';

process.exitCode = await statusCommand(process.argv.slice(2), {
  out: (text) => console.log(text),
  err: (text) => console.error(text),
  width: process.stdout.columns ?? 150,
  now: Date.now,
});
