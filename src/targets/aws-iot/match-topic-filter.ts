/**
 * Whether a topic is under a filter with `+` and `#`, as AWS IoT Core defines it. A wildcard at the start does not reach topics
 * that begin with `$` [MQTT-4.7.2-1]; `sensor/#` leaves out `sensor`, which MQTT [MQTT-4.7.1-2] would include.
 * @see https://docs.aws.amazon.com/iot/latest/developerguide/topics.html
 */
export function topicFilterMatches(filter: string, topic: string): boolean {
  if (topic.startsWith('$') && /^[+#]/.test(filter)) return false;
  const wanted = filter.split('/');
  const levels = topic.split('/');
  for (const [i, level] of wanted.entries()) {
    if (level === '#') return i < levels.length;
    if (i >= levels.length || (level !== '+' && level !== levels[i])) return false;
  }
  return wanted.length === levels.length;
}

/**
 * What `{topicRoot}` stands for: the levels of a filter before its first wildcard, `stampede/dev` of `stampede/dev/#`. A filter
 * that begins with a wildcard has none; any word will do then, and it is `stampede`.
 */
export function topicRootOf(filter: string): string {
  const levels = filter.split('/');
  const wildcard = levels.findIndex((level) => level === '+' || level === '#');
  return (wildcard < 0 ? levels : levels.slice(0, wildcard)).join('/') || 'stampede';
}
