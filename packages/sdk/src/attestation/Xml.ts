import { refuse } from './Refusal.ts'

/** An element of a small XML: elements, attributes, text; nothing that reaches outside the document. */
export type Element = {
  /** As written, with its prefix. */
  name: string
  local: string
  namespace: string
  attributes: readonly Attribute[]
  /** Declared here: prefix ("" for the default) to namespace. */
  declared: ReadonlyMap<string, string>
  /** All in scope, declared here or above. */
  scope: ReadonlyMap<string, string>
  children: readonly (Element | string)[]
}

type Attribute = { name: string; local: string; namespace: string; value: string }

const LIMIT = 256 * 1024
const DEPTH = 16
const NAMESPACES = 32
const NAME = '[A-Za-z_][A-Za-z0-9_.-]*(?::[A-Za-z_][A-Za-z0-9_.-]*)?'
const OPEN = new RegExp(`<(${NAME})`, 'y')
const ATTRIBUTE = new RegExp(`[ \\t\\r\\n]+(${NAME})=(?:"([^"<]*)"|'([^'<]*)')`, 'y')
const OPEN_END = /[ \t\r\n]*(\/?)>/y
const CLOSE = new RegExp(`</(${NAME})[ \\t\\r\\n]*>`, 'y')
const TEXT = /[^<]+/y
const ENTITIES: Readonly<Record<string, string>> = { amp: '&', apos: "'", gt: '>', lt: '<', quot: '"' }

/** Reads a document that is one element. Doctypes, comments, processing instructions and CDATA are refused. */
export function xml(text: string, subject: string): Element {
  if (text.length > LIMIT) {
    refuse('SIZE', `${subject}'s length`, { bound: `at most ${LIMIT} characters`, value: text.length })
  }
  const source = { at: 0, subject, text: text.replaceAll('\r\n', '\n').trim() }
  const root = element(source, { depth: 0, scope: new Map() })
  if (source.at !== source.text.length) malformed(source, 'nothing after the element')
  return root
}

export function elements(parent: Element): readonly Element[] {
  return parent.children.filter((child) => typeof child !== 'string')
}

export function textOf(parent: Element): string {
  return parent.children.filter((child) => typeof child === 'string').join('')
}

export function attribute(of: Element, name: string): string | undefined {
  return of.attributes.find((candidate) => candidate.name === name)?.value
}

/** Canonical XML 1.1 of an element with all that is in scope, without the child `except`. */
export function canonical(apex: Element, except?: Element): string {
  return write(apex, { above: new Map(), apex: true, except })
}

type Source = { at: number; subject: string; text: string }
type Place = { depth: number; scope: ReadonlyMap<string, string> }

function element(source: Source, { depth, scope: above }: Place): Element {
  if (depth > DEPTH) malformed(source, `at most ${DEPTH} levels`)
  const [, name = ''] = read(source, OPEN) ?? malformed(source, 'an element')
  const written: { name: string; value: string }[] = []
  for (let match = read(source, ATTRIBUTE); match; match = read(source, ATTRIBUTE)) {
    const [, key = '', double, single = ''] = match
    written.push({ name: key, value: expand(source, (double ?? single).replaceAll(/[\t\n\r]/g, ' ')) })
  }
  const declared = new Map<string, string>()
  for (const { name: key, value } of written) {
    const prefix = key === 'xmlns' ? '' : key.startsWith('xmlns:') ? key.slice(6) : undefined
    if (prefix !== undefined) declared.set(prefix, value)
  }
  const scope = declared.size === 0 ? above : new Map([...above, ...declared])
  if (scope.size > NAMESPACES) malformed(source, `at most ${NAMESPACES} namespaces`)
  const plain = written.filter(({ name: key }) => key !== 'xmlns' && !key.startsWith('xmlns:'))
  const attributes = plain.map(({ name: key, value }) => ({
    ...qualify(source, { name: key, scope }),
    value,
  }))
  const distinct = new Set(attributes.map(({ local, namespace }) => `${namespace}\n${local}`))
  if (distinct.size !== plain.length || declared.size + plain.length !== written.length) {
    malformed(source, 'each attribute once')
  }
  const [, closed] = read(source, OPEN_END) ?? malformed(source, 'the end of a tag')
  const children = closed === '/' ? [] : content(source, { depth: depth + 1, name, scope })
  const own = name.includes(':') ? qualify(source, { name, scope }) : { namespace: scope.get('') ?? '' }
  return {
    attributes,
    children,
    declared,
    local: name.slice(name.indexOf(':') + 1),
    name,
    namespace: own.namespace,
    scope,
  }
}

function content(
  source: Source,
  { name, ...place }: Place & { name: string },
): readonly (Element | string)[] {
  const children: (Element | string)[] = []
  for (;;) {
    const [text] = read(source, TEXT) ?? []
    if (text !== undefined) children.push(expand(source, text))
    const [, closing] = read(source, CLOSE) ?? []
    if (closing === name) return children
    if (closing !== undefined) malformed(source, `</${name}>`)
    children.push(element(source, place))
  }
}

/** Attributes without a prefix are in no namespace. The xml prefix would change how parts are made canonical. */
function qualify(
  source: Source,
  { name, scope }: { name: string; scope: ReadonlyMap<string, string> },
): Qualified {
  const colon = name.indexOf(':')
  if (colon < 0) return { local: name, name, namespace: '' }
  const namespace = scope.get(name.slice(0, colon))
  if (!namespace || name.startsWith('xml:')) return malformed(source, 'a declared prefix other than xml')
  return { local: name.slice(colon + 1), name, namespace }
}

type Qualified = { local: string; name: string; namespace: string }

function expand(source: Source, text: string): string {
  return text.replaceAll(
    /&([^;]*);?/g,
    (_, entity: string) => ENTITIES[entity] ?? malformed(source, 'a known entity'),
  )
}

function read(source: Source, pattern: RegExp): RegExpExecArray | null {
  pattern.lastIndex = source.at
  const match = pattern.exec(source.text)
  if (match) source.at = pattern.lastIndex
  return match
}

type Writing = { above: ReadonlyMap<string, string>; apex: boolean; except: Element | undefined }

function write(node: Element, { above, apex, except }: Writing): string {
  const declarations = apex ? node.scope : node.declared
  const news = [...declarations].filter(([prefix, uri]) => (above.get(prefix) ?? '') !== uri).sort(byKey)
  const shown = news.map(([prefix, uri]) => ` xmlns${prefix && ':'}${prefix}="${escapeValue(uri)}"`)
  const attributes = node.attributes
    .toSorted((left, right) => compare(left.namespace, right.namespace) || compare(left.local, right.local))
    .map(({ name, value }) => ` ${name}="${escapeValue(value)}"`)
  const inner = node.children
    .filter((child) => child !== except)
    .map((child) =>
      typeof child === 'string'
        ? escapeText(child)
        : write(child, { above: node.scope, apex: false, except }),
    )
  return `<${node.name}${shown.join('')}${attributes.join('')}>${inner.join('')}</${node.name}>`
}

function byKey([left]: readonly [string, string], [right]: readonly [string, string]): number {
  return compare(left, right)
}

function compare(left: string, right: string): number {
  return left < right ? -1 : left > right ? 1 : 0
}

function escapeText(text: string): string {
  return text
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('\r', '&#xD;')
}

function escapeValue(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('"', '&quot;')
}

function malformed(source: Source, bound: string): never {
  refuse('XML', `${source.subject} after character ${source.at}`, {
    bound,
    value: JSON.stringify(source.text.slice(source.at, source.at + 32)),
  })
}
