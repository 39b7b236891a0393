// The verdicts of the npm package ajv on documents.
//
//     node ajv_verdicts.mjs FOLDER_WITH_NODE_MODULES
//
// in: a line with the JSON array of the schemas, then a line for each document: [number of its schema, text].
// out: a line for each document: "" for a valid one, "JSON" for a text that is no JSON, or the keyword of the first
// error, with the name of the format.

import { createInterface } from 'node:readline';
import { load } from './csms_lines.mjs';

const Ajv = load('ajv').default;
const addFormats = load('ajv-formats').default;

// `multipleOf: 0.1` is judged with the precision of the largest factor in the schemas; without it 21.4 is invalid.
const ajv = new Ajv({ strict: false, validateSchema: false, multipleOfPrecision: 9 });
addFormats(ajv, ['date-time', 'uri']);
let validators;

for await (const line of createInterface({ input: process.stdin })) {
    const given = JSON.parse(line);
    if (validators === undefined) {
        // The name of the meta-schema is left out: ajv does not know that of draft 4, whose keywords here are the same.
        validators = given.map(({ $schema, $id, id, ...schema }) => ajv.compile(schema));
    } else {
        console.log(verdict(validators[given[0]], given[1]));
    }
}

function verdict(validator, text) {
    let value;
    try {
        value = JSON.parse(text);
    } catch {
        return 'JSON';
    }
    if (validator(value)) {
        return '';
    }
    const { keyword, params } = validator.errors[0];
    return keyword === 'format' ? `format ${params.format}` : keyword;
}
