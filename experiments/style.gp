# The look of every figure: one colour, dash and mark for each kind of normalizer, in the order of
# src/norm/norm.def. Colours: Paul Tol's "bright", then his "muted", safe for colour-blind readers; dashes and marks alone
# tell the curves apart in black and white; after sixteen kinds colours come again in another order, with other marks and
# dashes. Several specs of one kind take further marks and dashes of the same colour (types 101.., 201..).
# Called with: output, terminal, width and height in inches.
figure_output = ARG1
figure_terminal = ARG2
figure_width = ARG3 + 0
figure_height = ARG4 + 0
if (figure_terminal eq "svg") set terminal svg size 96*figure_width,96*figure_height dynamic noenhanced font "sans-serif,12" background "white"
if (figure_terminal eq "pdf") set terminal pdfcairo size figure_width,figure_height font "Sans,11" noenhanced
if (figure_terminal eq "png") set terminal pngcairo size 150*figure_width,150*figure_height font "Sans,12" fontscale 1.35 noenhanced
if (figure_terminal eq "tex") set terminal epslatex size figure_width,figure_height color
if (figure_terminal eq "dumb") set terminal dumb 78,24 noenhanced
set output figure_output
set encoding utf8

colours = "#777777 #4477AA #AA3377 #CCBB44 #EE6677 #66CCEE #228833 #332288 #44AA99 #882255 #999933 #DDCC77 #CC6677 #88CCEE #117733 #AA4499"
marks = "1 7 9 11 5 13 15 2 4 6 8 10 12 14 3 1"
more_marks = "2 6 8 10 4 12 14 7 5 13 9 11 15 3 1 2"
kinds = words(colours)
do for [k=1:3*kinds] {
    round = (k-1)/kinds
    i = (k-1 + 7*round)%kinds + 1
    m = (i-1 + 5*round)%kinds + 1
    set linetype k     lc rgb word(colours, i) dt 1 lw 2 pt (word(marks, m)+0) ps 0.8
    set linetype k+100 lc rgb word(colours, i) dt 2 lw 2 pt (word(more_marks, m)+0) ps 0.8
    if (round) { set linetype k dt 5 }
    set linetype k+200 lc rgb word(colours, i) dt 4 lw 2 pt (word(marks, m)+0) ps 0.5
}
set linetype 1 dt 3
set linetype 3 dt 4
set linetype 5 dt "-"
set linetype 7 dt "_."
set style fill transparent solid 0.18 noborder
set border 3 lw 0.7
set tics nomirror out scale 0.6
set grid ytics lc rgb "#dddddd" lw 0.5
set key noenhanced top left reverse Left samplen 3 spacing 1.1
