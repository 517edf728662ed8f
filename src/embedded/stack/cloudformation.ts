import { accountId, partition, region } from '../gateway/arns.ts';
import { AwsError, notSupported } from '../gateway/aws-error.ts';
import type { GatewayResponse, GatewayService } from '../gateway/gateway-service.ts';
import { renderXml, type XmlElement } from '../s3/s3-xml.ts';

/** The stack as CloudFormation would describe it if it were deployed. */
export interface EmbeddedStack {
  readonly name: string;
  readonly outputs: Readonly<Record<string, string>>;
  readonly resources: readonly StackResource[];
}

export interface StackResource {
  readonly logicalId: string;
  readonly physicalId: string;
  readonly type: string;
}

const maxBodyBytes = 65_536;
const namespace = 'http://cloudformation.amazonaws.com/doc/2010-05-15/';

/**
 * One stack to look at: the CLI finds a run store and a state machine by its outputs, and `sls invoke local` the bucket
 * that a function's variables refer to.
 * @see https://docs.aws.amazon.com/AWSCloudFormation/latest/APIReference/
 */
export function makeCloudFormation(stack: EmbeddedStack): GatewayService {
  const createdAt = new Date().toISOString();
  const arn = `arn:${partition}:cloudformation:${region}:${accountId}:stack/${stack.name}/embedded`;

  const operations: Readonly<Record<string, (input: URLSearchParams) => XmlElement[]>> = {
    DescribeStacks() {
      const outputs = Object.entries(stack.outputs).map(([key, value]) =>
        member([
          ['OutputKey', key],
          ['OutputValue', value],
        ]),
      );
      return [
        [
          'Stacks',
          [
            member([
              ['StackName', stack.name],
              ['StackId', arn],
              ['CreationTime', createdAt],
              ['StackStatus', 'CREATE_COMPLETE'],
              ['Outputs', outputs],
            ]),
          ],
        ],
      ];
    },
    ListStackResources() {
      const summaries = stack.resources.map(({ logicalId, physicalId, type }) =>
        member([
          ['LogicalResourceId', logicalId],
          ['PhysicalResourceId', physicalId],
          ['ResourceType', type],
          ['LastUpdatedTimestamp', createdAt],
          ['ResourceStatus', 'CREATE_COMPLETE'],
        ]),
      );
      return [['StackResourceSummaries', summaries]];
    },
  };

  return {
    routes: Object.keys(operations).map((operation) => ({ method: 'POST', path: '/', operation })),
    maxBodyBytes,
    async handle({ body, requestId }) {
      const input = new URLSearchParams(body.toString());
      const action = input.get('Action') ?? '';
      const operation = Object.hasOwn(operations, action) ? operations[action] : undefined;
      if (operation === undefined) throw notSupported(`CloudFormation’s ${action}`);
      const name = input.get('StackName') ?? '';
      const isAll = name === '' && action === 'DescribeStacks';
      if (!isAll && name !== stack.name && name !== arn)
        throw new AwsError('ValidationError', `Stack with id ${name} does not exist`);
      return render(200, [
        `${action}Response`,
        [
          [`${action}Result`, operation(input)],
          ['ResponseMetadata', [['RequestId', requestId]]],
        ],
      ]);
    },
    renderError: ({ status, code, message }, requestId) =>
      render(status, [
        'ErrorResponse',
        [
          [
            'Error',
            [
              ['Type', status < 500 ? 'Sender' : 'Receiver'],
              ['Code', code],
              ['Message', message],
            ],
          ],
          ['RequestId', requestId],
        ],
      ]),
  };
}

function member(content: readonly XmlElement[]): XmlElement {
  return ['member', content];
}

function render(status: number, element: XmlElement): GatewayResponse {
  return { status, headers: { 'content-type': 'text/xml' }, body: renderXml(element, namespace) };
}
