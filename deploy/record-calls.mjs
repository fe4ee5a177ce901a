/**
 * Loaded into every function that the emulator or the local cloud starts (NODE_OPTIONS): writes each signed request, as
 * it leaves the function, to the file CALLS_FILE, one JSON object a line. The function does not notice.
 */
import { appendFileSync } from 'node:fs';
import http from 'node:http';
import { syncBuiltinESMExports } from 'node:module';

const file = process.env.CALLS_FILE;
const request = http.request;

http.request = (...args) => {
  const sent = request(...args);
  const chunks = [];
  const { write, end } = sent;
  sent.write = (chunk, ...rest) => {
    chunks.push(Buffer.from(chunk));
    return write.call(sent, chunk, ...rest);
  };
  sent.end = (...rest) => {
    const [chunk] = rest;
    if (typeof chunk === 'string' || chunk instanceof Uint8Array) chunks.push(Buffer.from(chunk));
    const authorization = sent.getHeader('authorization');
    if (file && authorization) {
      const call = {
        function: process.env._LAMBDA_FUNCTION_ARN ?? process.env.AWS_LAMBDA_FUNCTION_NAME,
        authorization,
        target: sent.getHeader('x-amz-target'),
        path: sent.path,
        body: Buffer.concat(chunks).toString(),
      };
      appendFileSync(file, `${JSON.stringify(call)}\n`);
    }
    return end.apply(sent, rest);
  };
  return sent;
};
syncBuiltinESMExports();
