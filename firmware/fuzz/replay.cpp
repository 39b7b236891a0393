// Runs a harness over the files of its corpus, with any compiler, so that a bug that was found before is found again.

#include <dirent.h>

#include <algorithm>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include "fuzz/input.h"

int main(int argc, char** argv) {
  if (argc != 2) {
    fprintf(stderr, "usage: %s FOLDER\n", argv[0]);
    return 2;
  }
  DIR* folder = opendir(argv[1]);
  if (folder == nullptr) {
    fprintf(stderr, "%s: cannot read the corpus %s\n", argv[0], argv[1]);
    return 2;
  }
  std::vector<std::string> names;
  while (const dirent* entry = readdir(folder)) {
    if (entry->d_name[0] != '.') names.push_back(entry->d_name);
  }
  closedir(folder);
  std::sort(names.begin(), names.end());
  for (const std::string& name : names) {
    std::ifstream file(std::string(argv[1]) + "/" + name, std::ios::binary);
    const std::vector<char> bytes{std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
    fprintf(stderr, "%s\n", name.c_str());
    LLVMFuzzerTestOneInput(reinterpret_cast<const uint8_t*>(bytes.data()), bytes.size());
  }
  if (names.empty()) fprintf(stderr, "%s: the corpus %s is empty\n", argv[0], argv[1]);
  return names.empty() ? 1 : 0;
}
