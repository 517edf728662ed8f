/** ARNs of Lambda layers, from the comma list of the parameter `payloadLayers`: for the functions that load payload functions. */
export default async function payloadLayers({ resolveVariable }) {
  const list = await resolveVariable('param:payloadLayers');
  return String(list)
    .split(',')
    .map((arn) => arn.trim())
    .filter((arn) => arn !== '');
}
