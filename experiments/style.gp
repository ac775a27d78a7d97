# The look of every figure, in every form. A script is called with one file; it begins with
#     load ARG1        what it is given: form (svg, pdf, png, tex, dumb), width and height in inches (dumb: characters), output,
#                      columns (the data file), ticks and ranges of the axes, and what each script names
#     load style       this file
# and plots `columns`. Words stand where C has put them (src/figure/layout.c): in `labels`, at inches from the left and the top.
#
# A kind of normalizer has one colour, mark and dash in every figure, by its place in src/norm/norm.def; others of the same kind
# take further marks and dashes (src/figure/styles.c), so that marks and dashes alone tell curves apart in black and white. Colours:
# after Paul Tol's "bright" and "muted", safe for colour-blind readers, the light ones darkened until they can be read on white.
sx(x) = x/width
sy(y) = 1 - y/height
size9 = form eq "tex" ? "" : ",12"
size8 = form eq "tex" ? "" : ",10.667"
size7 = form eq "tex" ? "" : ",9.333"
if (form eq "svg") set terminal svg size int(96*width+0.5),int(96*height+0.5) fixed noenhanced font "sans-serif,12" background "white"
if (form eq "pdf") set terminal pdfcairo size width,height font "Sans,12" fontscale 0.5625 linewidth 1.5 pointscale 1.15 noenhanced
if (form eq "png") set terminal pngcairo size int(150*width+0.5),int(150*height+0.5) font "Sans,12" fontscale 1.172 linewidth 1.56 pointscale 2.35 dashlength 0.7 noenhanced
if (form eq "tex") set terminal cairolatex pdf size width,height linewidth 2.5 pointscale 0.9 color
if (form eq "dumb") set terminal dumb width,height+foot_lines+(exists("x_lines") ? x_lines : 0)+(exists("titles") ? titles : 0) noenhanced
set output output
set encoding utf8

colours = "#777777 #4477AA #AA3377 #A68A00 #E0566B #2E9FD0 #228833 #332288 #2A9D8F #882255 #7A7A1F #B5651D #CC6677 #6C8EBF #117733 #AA4499 \
#000000 #9C4F1E #5B8C00 #0077BB #C2185B #6A51A3 #00695C #BF9000 #5D6D7E #D2691E #8E7CC3 #2F6B3A"
marks = "1 7 9 11 5 13 2 4 8 12 6 10 3 15 14"
dashes = "3 1 4 5 2"
if (exists("styles")) {
    do for [i=1:styles] {
        set linetype i lc rgb word(colours, (colour[i]-1)%words(colours)+1) dt int(word(dashes, dash[i])) lw 1.6 \
            pt (form eq "dumb" ? i : word(marks, mark[i])+0) ps 0.8
    }
}
# Lines that have an order are dark to light instead.
array shades[9] = ["#1B1044", "#2C3D7A", "#22688B", "#1C8A86", "#3FA86B", "#86BC4A", "#C9B935", "#E8963A", "#E8704A"]
shade(i, all) = shades[all > 1 ? 1 + int(8.*(i - 1)/(all - 1) + 0.5) : 1]
if (exists("shaded")) {
    do for [i=1:shaded] {
        set linetype i lc rgb shade(i, shaded) dt 1 + (i - 1)%5 lw 1.6 pt (form eq "dumb" ? i : word(marks, 1 + (i - 1)%words(marks))+0) ps 0.8
    }
}
set style fill transparent solid 0.18 noborder
set border 3 lw 0.7
set tics nomirror out scale 0.6 font size8
set xtics offset 0,0.2
set grid lc rgb "#dddddd" lw 0.5 dt 1
set pointintervalbox 0
unset key
if (form ne "dumb") {
    load labels
} else {
    head = ""
    if (exists("titles")) { do for [i=1:titles] { head = head.title[i]."\n" } }
    head = head.y_label
    do for [i=1:foot_lines] { head = head."\n".foot[i] }
    set title head
    below = x_label
    if (exists("x_lines")) { do for [i=1:x_lines] { below = below."\n".x_line[i] } }
    set xlabel below
    set key noenhanced tmargin left Left reverse samplen 3 horizontal
    if (exists("legend_columns")) { set key maxcols legend_columns }
}
