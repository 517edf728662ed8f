import * as z from 'zod';
import { httpMethods, httpVersions, statusClasses } from './http-settings.ts';

const text = z.string().max(2_000);
const connections = z.int().min(1);

/** What devices request of a web service. */
export const http = z
  .strictObject({
    method: z
      .enum(httpMethods)
      .default('POST')
      .meta({ description: 'Method of the requests. GET and HEAD have no body.', examples: ['POST'] }),
    path: text
      .regex(/^\//)
      .optional()
      .meta({
        description:
          'Path of the requests, in place of that of the target. It begins with a slash. Placeholders: {runId}, {deviceId}, {deviceIndex}, {slice}; templates as in publish.payload.',
        examples: ['/things/{deviceId}/readings'],
      }),
    query: z
      .record(z.string().min(1).max(200), text)
      .default({})
      .meta({
        description:
          'Query parameters by name, beside those of the target. Values may hold the placeholders of path and templates; they are percent-encoded.',
        examples: [{ unit: 'celsius', sequence: '{{sequence}}' }],
      }),
    headers: z
      .record(
        z.string().regex(/^[A-Za-z0-9!#$%&'*+.^_`|~-]+$/),
        z.union([
          text.regex(/^[\x20-\x7e]*$/),
          z.strictObject({ variable: z.string().regex(/^[A-Za-z_][A-Za-z0-9_]*$/) }),
          z.strictObject({ secret: z.string().min(1).max(2_048) }),
        ]),
      )
      .default({})
      .meta({
        description:
          'Headers by name. A value is text, with the placeholders of path and templates; or where a secret lies, which no file or report shows: {"variable": NAME} an environment variable, {"secret": name} AWS Secrets Manager.',
        examples: [{ 'x-device': '{deviceId}', authorization: { variable: 'API_TOKEN' } }],
      }),
    contentType: z
      .string()
      .regex(/^[A-Za-z0-9!#$&^_.+-]+\/[A-Za-z0-9!#$&^_.+-]+( *; *[\x20-\x7e]+)?$/)
      .default('application/json')
      .meta({
        description:
          'Media type of the body, which decides what publish.payload may be: any JSON for application/json and …+json, an object for application/x-www-form-urlencoded, a string for anything else. In application/octet-stream a payload that is one {{randomBytes(n)}} is n bytes as they are.',
        examples: ['application/json'],
      }),
    succeeds: z
      .array(z.union([z.int().min(100).max(599), z.enum(statusClasses)]))
      .min(1)
      .max(50)
      .default(['2xx'])
      .meta({
        description:
          'Statuses that count as acknowledged: a status (304) or a class of them (2xx). Any other counts as failed, 429 as throttled. Redirects are not followed.',
        examples: [['2xx', 304]],
      }),
    version: z
      .enum(httpVersions)
      .default('1.1')
      .meta({
        description:
          'Version of HTTP. Version 2 is agreed on over TLS; over http:// the target has to expect it.',
        examples: ['2'],
      }),
    connections: z
      .union([
        z.strictObject({ perDevice: connections.max(8) }),
        z.strictObject({ shared: connections.max(1_000_000) }),
      ])
      .default({ perDevice: 1 })
      .meta({
        description:
          'Connections that may be open at once: {"perDevice": 1 to 8}, or {"shared": n} of all devices of the group together, divided over its slices exactly. Over HTTP/1.1 a connection carries one request at a time; what finds none free waits, and is dropped after publish.ackTimeout.',
        examples: [{ perDevice: 1 }, { shared: 50 }],
      }),
    keepAlive: z.boolean().default(true).meta({
      description: 'Whether a connection serves more than one request.',
    }),
    signing: z
      .strictObject({
        service: z
          .string()
          .regex(/^[a-z0-9-]{1,60}$/)
          .meta({
            description:
              'Name of the service in the signature: execute-api for API Gateway, iotdata for IoT Core.',
            examples: ['execute-api'],
          }),
        region: z
          .string()
          .regex(/^[a-z0-9-]{1,40}$/)
          .optional()
          .meta({
            description:
              'AWS Region in the signature. Unless set, that of the slices; without --stage, that of the user of this machine.',
            examples: ['eu-west-1'],
          }),
      })
      .optional()
      .meta({
        description:
          'AWS Signature Version 4, with the credentials of the role of the slices; without --stage, with those of the user of this machine. Unless set, requests are not signed.',
        examples: [{ service: 'execute-api' }],
      }),
  })
  .meta({
    description: 'What devices request of a target whose URL begins with http:// or https://.',
    examples: [{ method: 'PUT', headers: { authorization: { variable: 'API_TOKEN' } } }],
  });
