import { DescribeStacksCommand, paginateListStackResources } from '@aws-sdk/client-cloudformation';

/**
 * What of a stack there is, by type: physical ids by logical id. Empty: there is no such stack.
 *
 * @returns {Promise<(type: string) => Map<string, string>>}
 */
export async function readStackResources(client, stackName) {
  const found = [];
  try {
    for await (const page of paginateListStackResources({ client }, { StackName: stackName })) {
      found.push(...(page.StackResourceSummaries ?? []));
    }
  } catch (error) {
    if (error.name !== 'ValidationError') throw error;
  }
  const present = found.filter(
    ({ PhysicalResourceId, ResourceStatus }) =>
      PhysicalResourceId !== undefined && ResourceStatus !== 'DELETE_COMPLETE',
  );
  return (type) =>
    new Map(
      present.flatMap(({ ResourceType, LogicalResourceId, PhysicalResourceId }) =>
        ResourceType === type ? [[LogicalResourceId, PhysicalResourceId]] : [],
      ),
    );
}

/** The framework refuses to remove such a stack, but only after the plugins had their turn. */
export async function isProtected(client, stackName) {
  const { Stacks } = await client.send(new DescribeStacksCommand({ StackName: stackName }));
  return Stacks?.[0]?.EnableTerminationProtection === true;
}
