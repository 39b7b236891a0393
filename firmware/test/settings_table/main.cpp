// Prints the table of the settings as JSON, a row in each line; with the name of a file, compares it with that file.
// `make settings` writes rig/adapters/plugbench_settings.json with it, which the documentation and the rig read.
#include <stdio.h>

#include <fstream>
#include <iostream>
#include <sstream>
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

}  // namespace

int main(int count, char** arguments) {
  if (count == 1) {
    std::cout << table();
    return 0;
  }
  std::ostringstream stored;
  stored << std::ifstream(arguments[1]).rdbuf();
  if (stored.str() == table()) return 0;
  fprintf(stderr, "%s is not the table of firmware/src/features/config/keys.cpp: write it with `make settings`\n",
          arguments[1]);
  return 1;
}
