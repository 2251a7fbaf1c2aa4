import type { Schema } from './available-products.js'
import { propertiesOf } from './reference.js'
import { formInWords } from './schema-text.js'

interface PropertiesProps {
  schema: Schema
  /** Said of those that have to be there, or need not be. */
  required?: string
  optional?: string
}

/** Every property with its form and its meaning. */
export function Properties ({ schema, required, optional }: PropertiesProps) {
  return (
    <dl class='properties'>
      {propertiesOf(schema).map(property => {
        const note = property.required ? required : optional
        return (
          <div key={property.path}>
            <dt><code>{property.path}</code> <span class='fine'>{formInWords(property.schema)}</span>{note !== undefined && <> <span class='tag'>{note}</span></>}</dt>
            <dd>{property.schema.description}</dd>
          </div>
        )
      })}
    </dl>
  )
}
