import type { IncomingMessage, ServerResponse } from 'node:http';
import { endUnread, isBodyRead, readBody } from '../embedded/gateway/request-body.ts';
import { guardHeaders } from './guard.ts';

/** What a route answers with. */
export interface UiAnswer {
  readonly status: number;
  readonly type: string;
  readonly body: string | Buffer;
  readonly headers?: Readonly<Record<string, string>>;
}

export const types = {
  html: 'text/html; charset=utf-8',
  json: 'application/json; charset=utf-8',
  script: 'text/javascript; charset=utf-8',
  style: 'text/css; charset=utf-8',
  text: 'text/plain; charset=utf-8',
} as const;

export function jsonAnswer(status: number, value: unknown): UiAnswer {
  return { status, type: types.json, body: JSON.stringify(value) };
}

/** What is left of a request's body is not read. */
export function sendAnswer(
  request: IncomingMessage,
  response: ServerResponse,
  { status, type, body, headers }: UiAnswer,
): void {
  response.writeHead(status, {
    ...guardHeaders,
    'content-type': type,
    'content-length': Buffer.byteLength(body),
    ...(isBodyRead(request) ? {} : { connection: 'close' }),
    ...headers,
  });
  endUnread(request, response, request.method === 'HEAD' ? undefined : body);
}

/** A profile is a few kilobytes. */
const maxBodyBytes = 512 * 1_024;

/** Undefined: no JSON object. @throws AwsError 413 for a body that is too long */
export async function readJsonBody(request: IncomingMessage): Promise<Record<string, unknown> | undefined> {
  const body = await readBody(request, maxBodyBytes);
  try {
    const value: unknown = JSON.parse(body.toString());
    return typeof value === 'object' && value !== null && !Array.isArray(value)
      ? (value as Record<string, unknown>)
      : undefined;
  } catch {
    return undefined;
  }
}
