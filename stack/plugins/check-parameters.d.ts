interface FrameworkParts {
  readonly service: { readonly custom: { readonly deployment: string } };
  readonly classes: { readonly Error: new (message: string, code: string) => Error };
}

export default class CheckParameters {
  constructor(serverless: FrameworkParts);
  readonly hooks: { readonly 'before:package:cleanup': () => void };
}
