import { paginateListExecutions, StopExecutionCommand } from '@aws-sdk/client-sfn';

/** @returns names and ARNs of the executions that run, each one a load test */
export async function findRunning(client, stateMachineArn) {
  const running = [];
  const query = { stateMachineArn, statusFilter: 'RUNNING' };
  for await (const { executions } of paginateListExecutions({ client }, query)) {
    running.push(...(executions ?? []).map(({ name, executionArn }) => ({ name, executionArn })));
  }
  return running;
}

/** The execution ends, with the children of its Map. Its Lambdas do not: they obey the run's stop message. */
export async function stopExecution(client, executionArn) {
  const error = 'StackRemoved';
  const cause = 'The stack is being removed (sls remove)';
  try {
    await client.send(new StopExecutionCommand({ executionArn, error, cause }));
  } catch (failure) {
    // It may have ended by itself.
    if (failure.name !== 'ExecutionDoesNotExist') throw failure;
  }
}
