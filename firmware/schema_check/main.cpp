// Validates documents by the schemas of the device: `schema-check [--pack FILE | --json] < documents`. Each document is
// a line `<action> <request|response> <bytes>`, followed by so many bytes. Each result is a line: `ok`, or keyword,
// JSON pointer and offset, separated by tabs. With --json any JSON value is valid.
#include <stdio.h>
#include <string.h>

#include <string>
#include <vector>

#include "features/schema/ocpp16_tables.h"
#include "features/schema/pack.h"
#include "features/schema/validator.h"

namespace {

constexpr size_t kMostBytes = 1 << 26;

bool read_file(const char* path, std::vector<uint8_t>& content) {
  FILE* file = fopen(path, "rb");
  if (file == nullptr) return false;
  uint8_t buffer[4096];
  for (size_t count; (count = fread(buffer, 1, sizeof buffer, file)) > 0;) {
    content.insert(content.end(), buffer, buffer + count);
  }
  return fclose(file) == 0;
}

void print_result(pb::SchemaValidator& validator, pb::Text document) {
  if (validator.feed(document) && validator.finish()) {
    puts("ok");
    return;
  }
  char bytes[1024];
  pb::TextWriter pointer{pb::Span<char>(bytes)};
  validator.write_pointer(pointer);
  printf("%s\t%.*s\t%zu\n", pb::name_of(validator.violation()), static_cast<int>(pointer.length()), bytes,
         validator.offset());
}

}  // namespace

int main(int argc, char** argv) {
  const bool is_json = argc == 2 && strcmp(argv[1], "--json") == 0;
  const bool has_pack = argc == 3 && strcmp(argv[1], "--pack") == 0;
  if (argc != 1 && !is_json && !has_pack) {
    fputs("usage: schema-check [--pack FILE | --json] < documents\n", stderr);
    return 2;
  }
  std::vector<uint8_t> content;
  pb::SchemaTables tables(pb::ocpp16_tables());
  if (has_pack) {
    pb::SchemaPack pack;
    const char* error =
        read_file(argv[2], content) ? pb::read_pack({content.data(), content.size()}, pack) : "it cannot be read";
    if (error != nullptr) {
      fprintf(stderr, "schema-check: the pack '%s' cannot be used: %s\n", argv[2], error);
      return 2;
    }
    tables = pack.tables;
  }
  std::vector<char> document;
  char action[64];
  char kind[16];
  size_t length = 0;
  for (int found; (found = scanf("%63s %15s %zu", action, kind, &length)) != EOF;) {
    const bool is_request = strcmp(kind, "request") == 0;
    if (found != 3 || getchar() != '\n' || length > kMostBytes || (!is_request && strcmp(kind, "response") != 0)) {
      fputs("schema-check: a document begins with a line `<action> <request|response> <bytes>`\n", stderr);
      return 2;
    }
    document.resize(length);
    if (fread(document.data(), 1, length, stdin) != length) {
      fprintf(stderr, "schema-check: the input ends inside a document of %zu bytes\n", length);
      return 2;
    }
    const uint16_t node = is_json ? pb::SchemaTables::kAny : tables.find(action, is_request);
    if (!is_json && node == pb::SchemaTables::kAny) {
      puts("unknown\t\t0");
      continue;
    }
    pb::SchemaValidator validator(tables, node);
    print_result(validator, {document.data(), length});
  }
  return 0;
}
