import { AwsError, notSupported } from './aws-error.ts';
import { header } from './gateway.ts';
import type { GatewayService } from './gateway-service.ts';
import { isNestedTooDeep, maxJsonDepth } from './request-body.ts';
import { renderJsonError } from './serve-request.ts';

/** A request's members, not yet known to be what they should. */
export type JsonInput = Readonly<Record<string, unknown>>;

/** Operations by name (`StartExecution`). */
export type JsonOperations = Readonly<Record<string, (input: JsonInput) => Promise<object> | object>>;

export interface JsonServiceOptions {
  /** As its documentation calls it; for messages. */
  readonly service: string;
  readonly version: '1.0' | '1.1';
  readonly maxBodyBytes: number;
  readonly operations: JsonOperations;
}

/**
 * A service that speaks AWS JSON 1.0 or 1.1: `X-Amz-Target: Prefix.Operation`, members in the body, time in epoch seconds.
 * @see https://smithy.io/2.0/aws/protocols/aws-json-1_0-protocol.html
 */
export function makeJsonService({
  service,
  version,
  maxBodyBytes,
  operations,
}: JsonServiceOptions): GatewayService {
  return {
    routes: Object.keys(operations).map((operation) => ({ method: 'POST', path: '/', operation })),
    maxBodyBytes,
    renderError: renderJsonError,
    async handle(request) {
      const target = header(request, 'x-amz-target');
      const name = target?.split('.')[1];
      if (name === undefined)
        throw notSupported(`${service} in any protocol but AWS JSON (no X-Amz-Target on ${request.path})`);
      const operation = Object.hasOwn(operations, name) ? operations[name] : undefined;
      if (operation === undefined) throw notSupported(`${service} ${name}`);
      const output = await operation(parseInput(request.body));
      return {
        status: 200,
        headers: { 'content-type': `application/x-amz-json-${version}` },
        body: JSON.stringify(output),
      };
    },
  };
}

function parseInput(body: Buffer): JsonInput {
  if (isNestedTooDeep(body))
    throw new AwsError('SerializationException', `the body is nested more than ${maxJsonDepth} levels deep`);
  try {
    const input: unknown = JSON.parse(body.toString() || '{}');
    if (typeof input === 'object' && input !== null && !Array.isArray(input)) return input as JsonInput;
  } catch {
    // answered below
  }
  throw new AwsError('SerializationException', 'the body is not a JSON object');
}

/** @throws AwsError `ValidationException` where a required string is missing or of another type. */
export function requiredString(input: JsonInput, member: string): string {
  const value = optionalString(input, member);
  if (value === undefined || value === '') throw validation(`'${member}' is required`);
  return value;
}

export function optionalString(input: JsonInput, member: string): string | undefined {
  const value = input[member];
  if (value === undefined || value === null) return undefined;
  if (typeof value !== 'string') throw validation(`'${member}' must be a string`);
  return value;
}

export function optionalNumber(input: JsonInput, member: string): number | undefined {
  const value = input[member];
  if (value === undefined || value === null) return undefined;
  if (typeof value !== 'number' || !Number.isFinite(value)) throw validation(`'${member}' must be a number`);
  return value;
}

export function requiredList(input: JsonInput, member: string): readonly JsonInput[] {
  const value = input[member];
  if (!Array.isArray(value)) throw validation(`'${member}' must be a list`);
  return value as readonly JsonInput[];
}

export function requiredObject(input: JsonInput, member: string): JsonInput {
  const value = input[member];
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw validation(`'${member}' must be a structure`);
  return value as JsonInput;
}

export function validation(message: string): AwsError {
  return new AwsError('ValidationException', `1 validation error detected: ${message}`);
}

export interface Page<T> {
  readonly items: readonly T[];
  /** Opaque to the caller; absent on the last page. */
  readonly nextToken: string | undefined;
}

/**
 * One page of a list that only ever grows at its end.
 * @throws AwsError `InvalidToken` for a token that is none of ours.
 */
export function pageOf<T>(all: readonly T[], token: string | undefined, pageSize: number): Page<T> {
  const start = token === undefined ? 0 : Number(Buffer.from(token, 'base64url').toString());
  if (!Number.isInteger(start) || start < 0)
    throw new AwsError('InvalidToken', `'${token}' is not a token of this service`);
  const end = start + pageSize;
  return {
    items: all.slice(start, end),
    nextToken: end < all.length ? Buffer.from(String(end)).toString('base64url') : undefined,
  };
}
