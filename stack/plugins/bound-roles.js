/**
 * `--param permissionsBoundary=ARN` on every role of the template, whichever file it stands in: an organisation that asks for
 * a boundary refuses a single role without one.
 */
export default class BoundRoles {
  constructor(serverless) {
    this.hooks = {
      // Before it the template has not yet what serverless.yml names under `resources`.
      'after:aws:package:finalize:mergeCustomProviderResources': () => {
        const { permissionsBoundary } = serverless.service.custom;
        if (permissionsBoundary === '') return;
        const { Resources } = serverless.service.provider.compiledCloudFormationTemplate;
        for (const { Type, Properties } of Object.values(Resources)) {
          if (Type === 'AWS::IAM::Role') Properties.PermissionsBoundary = permissionsBoundary;
        }
      },
    };
  }
}
