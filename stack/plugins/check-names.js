/** @see https://docs.aws.amazon.com/lambda/latest/api/API_CreateFunction.html */
const longestFunctionName = 64;

/** A name that AWS would refuse in the middle of a deployment is refused before anything is packaged. */
export default class CheckNames {
  constructor(serverless) {
    const check = () => {
      const { functions } = serverless.service;
      const tooLong = Object.values(functions).flatMap(({ name }) =>
        name.length > longestFunctionName ? [`${name} (${name.length})`] : [],
      );
      if (tooLong.length === 0) return;
      const over = Math.max(...Object.values(functions).map(({ name }) => name.length)) - longestFunctionName;
      throw new serverless.classes.Error(
        `Lambda takes function names of at most ${longestFunctionName} characters: ${tooLong.join(', ')}. ` +
          `Shorten --stage or --param namePrefix by ${over}.`,
        'STAMPEDE_FUNCTION_NAME_TOO_LONG',
      );
    };
    this.hooks = { 'before:package:cleanup': check };
  }
}
