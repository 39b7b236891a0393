// Prints the table of the settings as JSON, a row in each line; with the name of a file, compares it with that file.
// `make settings` writes rig/adapters/plugbench_settings.json with it, which the documentation and the rig read.
#include <stdio.h>

#include <string>

#include "features/config/key_help.h"

namespace {

std::string table() {
  std::string text;
  for (const pb::Key& key : pb::all_keys()) {
    char bytes[1024];
    pb::JsonWriter json{pb::Span<char>(bytes)};
    pb::write_key_help(json, key);
    text += text.empty() ? "[\n" : ",\n";
    text.append(json.text().data, json.text().length);
  }
  return text + "\n]\n";
}

std::string content_of(const char* path) {
  std::string text;
  FILE* file = fopen(path, "rb");
  if (file == nullptr) return text;
  char bytes[4096];
  for (size_t count = 0; (count = fread(bytes, 1, sizeof bytes, file)) > 0;) text.append(bytes, count);
  fclose(file);
  return text;
}

}  // namespace

int main(int count, char** arguments) {
  if (count == 1) return printf("%s", table().c_str()) < 0 ? 1 : 0;
  if (content_of(arguments[1]) == table()) return 0;
  fprintf(stderr, "%s is not the table of firmware/src/features/config/keys.cpp: write it with `make settings`\n",
          arguments[1]);
  return 1;
}
