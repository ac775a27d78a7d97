# Appends the label `long` to the labels of a case that tests/long.txt names, or under the sanitizers (NORMLAB_SANITIZE)
# tests/long-sanitized.txt.
file(STRINGS ${CMAKE_CURRENT_LIST_DIR}/../tests/long.txt long_names REGEX "^[^#]")
if(NORMLAB_SANITIZE)
  file(STRINGS ${CMAKE_CURRENT_LIST_DIR}/../tests/long-sanitized.txt more_names REGEX "^[^#]")
  list(APPEND long_names ${more_names})
endif()

function(long_label name labels)
  foreach(pattern ${long_names}) # one by one: CMake has no more than 32 parentheses
    if(name MATCHES "^(${pattern})$")
      set(${labels} "${${labels}};long" PARENT_SCOPE)
      return()
    endif()
  endforeach()
endfunction()
