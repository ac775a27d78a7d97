# Writes normlab.3 from its header: comments are its text, `/* ---- Title ---- */` its headings, the rest stands as it is;
# then the example.
#   cmake -DOUTPUT=FILE -DHEADER=normlab.h -DEXAMPLE=example.c -DVERSION=0.1.0 -P page.cmake
cmake_minimum_required(VERSION 3.22)

# The lines of a file, with what a list cannot hold put away; and a line of roff that shows it.
string(ASCII 1 semicolon)
string(ASCII 2 left)
string(ASCII 3 right)
function(read_lines path lines)
  file(READ ${path} text)
  string(REPLACE ";" ${semicolon} text "${text}")
  string(REPLACE "[" ${left} text "${text}")
  string(REPLACE "]" ${right} text "${text}")
  string(REPLACE "\\" "\\e" text "${text}")
  string(REPLACE "-" "\\-" text "${text}")
  string(REPLACE "\n" ";" text "${text}")
  set(${lines} "${text}" PARENT_SCOPE)
endfunction()

# Text is filled, code is not.
set(page ".TH NORMLAB 3 \"\" \"normlab ${VERSION}\"
.SH NAME
normlab.h \\- normalizers of arrays, their gradients, and the gradients of those
.SH SYNOPSIS
.nf
#include <normlab.h>

cc program.c $(pkg\\-config \\-\\-cflags \\-\\-libs normlab\\-api)
.fi
.SH DESCRIPTION
")
set(filled TRUE)
macro(fill whether)
  if(${whether} AND NOT filled)
    string(APPEND page ".fi\n")
  elseif(NOT ${whether} AND filled)
    string(APPEND page ".PP\n.nf\n")
  endif()
  set(filled ${whether})
endmacro()

read_lines(${HEADER} lines)
set(inside FALSE) # a comment that begins a line
set(blank FALSE)
foreach(line IN LISTS lines)
  if(NOT inside AND line MATCHES "^(#|extern|}$|$)")
    if(line STREQUAL "")
      set(blank TRUE)
    endif()
    continue()
  endif()
  if(line MATCHES "^/\\* \\\\-\\\\-\\\\-\\\\- (.+) [\\\\-]+ \\*/$")
    fill(TRUE)
    string(APPEND page ".SS ${CMAKE_MATCH_1}\n")
    set(blank FALSE)
  elseif(inside OR line MATCHES "^/\\*")
    fill(TRUE)
    if(line MATCHES "^/\\*" OR line STREQUAL " *")
      string(APPEND page ".PP\n")
    endif()
    set(inside TRUE)
    if(line MATCHES "\\*/$")
      set(inside FALSE)
    endif()
    string(REGEX REPLACE " ?\\*/$" "" line "${line}")
    string(REGEX REPLACE "^(/| )\\* ?" "" line "${line}")
    if(NOT line STREQUAL "")
      string(APPEND page "\\&${line}\n")
    endif()
    set(blank FALSE)
  else()
    if(blank AND NOT filled)
      string(APPEND page "\n")
    endif()
    fill(FALSE)
    string(APPEND page "\\&${line}\n")
    set(blank FALSE)
  endif()
endforeach()
fill(TRUE)

string(APPEND page ".SH EXAMPLE\n.nf\n")
read_lines(${EXAMPLE} lines)
foreach(line IN LISTS lines)
  string(APPEND page "\\&${line}\n")
endforeach()
string(APPEND page ".fi\n.SH SEE ALSO\n.BR normlab (1)\n")
foreach(way "${semicolon}|;" "${left}|[" "${right}|]")
  string(SUBSTRING "${way}" 0 1 mark)
  string(SUBSTRING "${way}" 2 1 shown)
  string(REPLACE "${mark}" "${shown}" page "${page}")
endforeach()
file(WRITE ${OUTPUT} "${page}")
