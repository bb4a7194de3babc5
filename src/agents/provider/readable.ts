/** What a person would read of a text, in one line; of a page its title, or what would be seen first. */
export function readable(text: string): string {
  const seen = /^\s*</.test(text) ? (titleIn(text) ?? text.replace(/<[^<>]*>/g, ' ')) : text
  return seen.replace(/\s+/g, ' ').trim()
}

const titleIn = (page: string): string | null => /<title[^<>]*>([^<>]*[^<>\s])/i.exec(page)?.[1] ?? null
