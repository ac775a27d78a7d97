# Writes words.def: the words that a new normalizer or experiment may not be called by, as the sources have them.
#   FUNCTION(name)   what a header declares
#   WORD(name)       in quotes, in what reads specs, configurations and files
#   cmake -DOUTPUT=FILE "-DHEADERS=a.h;b.h" "-DREADERS=a.c;b.c" -P words.cmake
set(text "/* Written by cmake/words.cmake. */\n")
function(gather kind pattern)
  set(words "")
  foreach(file ${ARGN})
    file(READ ${file} source)
    string(REGEX MATCHALL "${pattern}" found "${source}")
    string(REGEX REPLACE "[(\"]" "" found "${found}")
    list(APPEND words ${found})
  endforeach()
  list(REMOVE_DUPLICATES words)
  list(SORT words)
  list(TRANSFORM words REPLACE "(.+)" "${kind}(\\1)\n")
  list(JOIN words "" words)
  set(text "${text}${words}" PARENT_SCOPE)
endfunction()
gather(FUNCTION "[a-z][a-z0-9_]+\\(" ${HEADERS})
gather(WORD "\"[a-z][a-z0-9_]+\"" ${READERS})
file(WRITE ${OUTPUT} "${text}")
