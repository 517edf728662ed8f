/**
 * Whether a topic is under a filter with `+` and `#`. A wildcard at the start does not reach topics that begin with `$`
 * [MQTT-4.7.2-1]; `#` takes its parent level as well [MQTT-4.7.1-2].
 */
export function topicFilterMatches(filter: string, topic: string): boolean {
  if (topic.startsWith('$') && /^[+#]/.test(filter)) return false;
  const wanted = filter.split('/');
  const levels = topic.split('/');
  for (const [i, level] of wanted.entries()) {
    if (level === '#') return true;
    if (i >= levels.length || (level !== '+' && level !== levels[i])) return false;
  }
  return wanted.length === levels.length;
}
