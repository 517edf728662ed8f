import type { IncomingMessage, ServerResponse } from 'node:http';
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

export function sendAnswer(response: ServerResponse, { status, type, body, headers }: UiAnswer): void {
  response.writeHead(status, { ...guardHeaders, 'content-type': type, ...headers });
  response.end(body);
}

/** A profile is a few kilobytes. */
const maxBodyBytes = 512 * 1_024;

/** Undefined: too long, or no JSON object. */
export async function readJsonBody(request: IncomingMessage): Promise<Record<string, unknown> | undefined> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    if (bytes > maxBodyBytes) return undefined;
    chunks.push(chunk);
  }
  try {
    const value: unknown = JSON.parse(Buffer.concat(chunks).toString());
    return typeof value === 'object' && value !== null && !Array.isArray(value)
      ? (value as Record<string, unknown>)
      : undefined;
  } catch {
    return undefined;
  }
}
