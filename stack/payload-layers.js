/** ARNs of Lambda layers, from the comma list of the parameter `payloadLayers`: for the functions that load payload functions. */
export async function arns({ resolveVariable }) {
  const list = await resolveVariable('param:payloadLayers');
  return String(list)
    .split(',')
    .map((arn) => arn.trim())
    .filter((arn) => arn !== '');
}
