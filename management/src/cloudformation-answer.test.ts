import type { IncomingHttpHeaders } from 'node:http';
import { text } from 'node:stream/consumers';
import fc from 'fast-check';
import { type LocalServer, startServer } from '../../shared/testing/http-server.js';
import { VirtualClock } from '../../shared/testing/virtual-clock.js';
import { AnswerNotTaken, answerTo, LONGEST_ANSWER_MS, sendAnswer } from './cloudformation-answer.js';
import { createEvent } from './testing/stack-events.js';

const event = createEvent({});

describe('An answer', () => {
  it('has the ids of the request, and a reason when the operation failed', () => {
    const ids = {
      PhysicalResourceId: 'the-resource',
      StackId: event.StackId,
      RequestId: event.RequestId,
      LogicalResourceId: event.LogicalResourceId,
    };
    expect(answerTo(event, 'the-resource')).toEqual({ Status: 'SUCCESS', ...ids });
    expect(answerTo(event, 'the-resource', 'No topic.')).toEqual({
      Status: 'FAILED',
      Reason: 'No topic.',
      ...ids,
    });
  });

  it('never has more than the 4,096 bytes that CloudFormation takes, whatever the reason', () => {
    const longIds = { ...event, StackId: 's'.repeat(300), LogicalResourceId: 'l'.repeat(255) };
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme', maxLength: 3000, size: 'max' }), (reason) => {
        const body = JSON.stringify(
          answerTo(longIds, `${longIds.StackId}/${longIds.LogicalResourceId}`, reason),
        );
        expect(Buffer.byteLength(body)).toBeLessThanOrEqual(4096);
      }),
    );
  });
});

describe('Sending an answer', () => {
  const answer = answerTo(event, 'the-resource', 'Kein Thema gefunden: „exp-abc123“.');
  let server: LocalServer;
  let received: {
    method: string | undefined;
    url: string | undefined;
    headers: IncomingHttpHeaders;
    body: string;
  }[];
  /** The status of each answer of the server, in order, the last one for all further ones; 0 is none at all. */
  let statuses: number[];

  beforeEach(async () => {
    received = [];
    statuses = [200];
    server = await startServer(async (request, response) => {
      received.push({
        method: request.method,
        url: request.url,
        headers: request.headers,
        body: await text(request),
      });
      const status = statuses.length > 1 ? statuses.shift() : statuses[0];
      if (status) response.writeHead(status).end();
    });
  });

  afterEach(() => server.close());

  it('puts it to the address as it is, without a content type, which the signature does not allow', async () => {
    await sendAnswer(`${server.url}/bucket/key?Signature=a%2Fb%3D&Expires=1`, answer, new VirtualClock());

    expect(received).toHaveLength(1);
    expect(received[0]).toMatchObject({ method: 'PUT', url: '/bucket/key?Signature=a%2Fb%3D&Expires=1' });
    expect(received[0]?.headers['content-type'] ?? '').toBe('');
    expect(received[0]?.headers['content-length']).toBe(String(Buffer.byteLength(JSON.stringify(answer))));
    expect(JSON.parse(received[0]?.body ?? '')).toEqual(answer);
  });

  it('is repeated after longer and longer waits until it is taken', async () => {
    statuses = [500, 503, 200];
    const clock = new VirtualClock();

    await sendAnswer(server.url, answer, clock);

    expect(received.map(({ body }) => JSON.parse(body))).toEqual([answer, answer, answer]);
    expect(clock.sleeps).toEqual([500, 1000]);
  });

  it('is repeated when a try gets no answer', async () => {
    statuses = [0, 200];

    await sendAnswer(server.url, answer, new VirtualClock(), 100);

    expect(received).toHaveLength(2);
  });

  it('is an error after four tries, which tells the cause but not the address', async () => {
    statuses = [403];

    const failure = sendAnswer(`${server.url}/?Signature=secret`, answer, new VirtualClock());

    await expect(failure).rejects.toThrow(AnswerNotTaken);
    await expect(failure).rejects.toThrow(/did not take the answer FAILED .* in 4 tries \(HTTP status 403\)/);
    await expect(failure).rejects.not.toThrow(/secret/);
    expect(received).toHaveLength(4);
  });

  it('is an error when nobody listens, within the time that is set apart for it', async () => {
    await server.close();
    const clock = new VirtualClock();
    const start = clock.now();

    await expect(sendAnswer(server.url, answer, clock)).rejects.toThrow(/ECONNREFUSED/);
    expect(clock.now() - start).toBeLessThan(LONGEST_ANSWER_MS);

    server = await startServer(() => {});
  });
});
