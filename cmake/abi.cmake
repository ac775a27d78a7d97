# Writes abi.h: a hash of the bytes of the headers that a plugin sees.
#   cmake -DOUTPUT=FILE "-DHEADERS=a.h;b.h" -P abi.cmake
set(all "")
foreach(header ${HEADERS})
  file(SHA256 ${header} hash)
  get_filename_component(name ${header} NAME)
  string(APPEND all "${name} ${hash}\n")
endforeach()
string(SHA256 hash "${all}")
string(SUBSTRING ${hash} 0 16 hash)
file(WRITE ${OUTPUT} "/* Written by cmake/abi.cmake: what a plugin and the program must agree on. */
#ifndef NORMLAB_ABI
#define NORMLAB_ABI \"${hash}\"
#endif
")
